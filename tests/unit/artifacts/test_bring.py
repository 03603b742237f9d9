"""One object on its way in: taken up where it broke, asked for twice where it is other, and never believed before."""

import fcntl
import hashlib
import io
import subprocess
import sys
import threading

import pytest

from gitops_models.artifacts.ahead import LEAST, Ahead, within
from gitops_models.artifacts.bring import bring, bring_bytes
from gitops_models.artifacts.cloud_errors import OtherRangeError, cloud_error
from gitops_models.artifacts.content import ContentStore
from gitops_models.artifacts.members import Members
from gitops_models.artifacts.opening import open_at
from gitops_models.artifacts.parallel import in_parallel
from gitops_models.artifacts.transfer import Expected
from gitops_models.errors import GmError
from tests.support.refusals import refused

DATA = bytes(range(256)) * 4000
SHA = hashlib.sha256(DATA).hexdigest()
MD5 = hashlib.md5(DATA, usedforsecurity=False).hexdigest()
WANTED = Expected("remote/object", limit=len(DATA), sha256=SHA, size=len(DATA))
LOST = GmError("GM-A321", "lost")


class Breaking(io.RawIOBase):
    """Gives some bytes and then raises."""

    def __init__(self, data, error=None):
        self.data, self.error = io.BytesIO(data), error

    def readable(self):
        return True

    def readinto(self, buffer):
        count = self.data.readinto(buffer)
        if not count and self.error:
            raise self.error
        return count


class Distant:
    """Answers by turns: bytes, or bytes and the error that ends them, or an error; the last one for ever."""

    distant = True

    def __init__(self, *answers, size=None):
        self.answers, self.asked, self.told = list(answers), [], size

    def where(self, md5):
        return f"remote/{md5}"

    def size(self, _md5):
        if isinstance(self.told, GmError):
            raise self.told
        return self.told

    def open(self, _md5, offset=0):
        self.asked.append(offset)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, GmError):
            raise answer
        data, error = answer if isinstance(answer, tuple) else (answer, None)
        return Breaking(data[offset:], error)


@pytest.fixture
def store(tmp_path):
    return ContentStore(tmp_path / "content")


def partial(store):
    return store.partial / MD5


def test_a_lost_connection_is_taken_up_where_it_broke(store):
    remote = Distant((DATA[:5000], LOST), (DATA[:9000], LOST), DATA)
    assert bring(MD5, WANTED, remote, store).sha256 == SHA
    assert remote.asked == [0, 5000, 9000]
    assert store.path(SHA).read_bytes() == DATA
    assert not list(store.partial.iterdir())


def test_what_arrived_is_kept_for_the_next_run_and_hashed_again_there(store):
    refused("GM-A321", bring, MD5, WANTED, Distant((DATA[:5000], LOST), LOST), store)
    assert partial(store).read_bytes() == DATA[:5000]
    seen = []
    remote = Distant(DATA)
    bring(MD5, WANTED, remote, store, seen.append)
    assert (remote.asked, sum(seen)) == ([5000], len(DATA))


def test_where_nothing_comes_it_is_tried_once_more_and_no_empty_file_stays(store):
    remote = Distant(LOST)
    refused("GM-A321", bring, MD5, WANTED, remote, store)
    assert len(remote.asked) == 2
    assert not list(store.partial.iterdir())
    stalled = Distant(GmError("GM-A621", "stalled"))
    refused("GM-A621", bring, MD5, WANTED, stalled, store)
    assert len(stalled.asked) == 1


def test_there_is_an_end_to_going_on(store):
    remote = Distant(*[(DATA[: 1000 * n], LOST) for n in range(1, 20)])
    refused("GM-A321", bring, MD5, WANTED, remote, store)
    assert remote.asked == [0, 1000, 2000, 3000, 4000]


@pytest.mark.attack("what arrived before is exchanged for other bytes", "GM-A314", by="insider")
def test_a_prefix_of_other_bytes_is_dropped_and_everything_fetched_anew(store):
    store.partial.mkdir(parents=True)
    partial(store).write_bytes(b"X" * 5000)
    remote = Distant(DATA)
    assert bring(MD5, WANTED, remote, store).sha256 == SHA
    assert remote.asked == [5000, 0]


def test_a_prefix_that_is_longer_than_the_object_or_whole_already_needs_no_care(store):
    store.partial.mkdir(parents=True)
    partial(store).write_bytes(DATA + b"X")
    assert bring(MD5, WANTED, Distant(DATA), store).size == len(DATA)
    store.path(SHA).unlink()
    partial(store).write_bytes(DATA)
    whole = Distant(LOST)
    assert bring(MD5, WANTED, whole, store).size == len(DATA)
    assert whole.asked == []


@pytest.mark.parametrize(
    ("bad", "code"), [(b"X" + DATA[1:], "GM-A314"), (DATA[:-1], "GM-A312"), (DATA + b"X", "GM-A313")]
)
def test_the_same_wrong_bytes_twice_are_the_remotes_own(store, bad, code):
    remote = Distant(bad, size=len(bad))
    refused(code, bring, MD5, WANTED, remote, store)
    assert remote.asked == [0, 0]
    assert not list(store.partial.iterdir())


def test_other_wrong_bytes_each_time_are_a_network_at_work(store):
    error = refused("GM-A622", bring, MD5, WANTED, Distant(b"X" + DATA[1:], b"Y" + DATA[1:]), store)
    assert error.exit_status == 9
    assert bring(MD5, WANTED, Distant(b"X" + DATA[1:], DATA), store).sha256 == SHA


def test_an_answer_that_is_cut_though_the_remote_has_more_goes_on(store):
    remote = Distant((DATA[:7000], None), DATA, size=len(DATA))
    assert bring(MD5, WANTED, remote, store).sha256 == SHA
    assert remote.asked == [0, 7000]


def test_an_answer_that_is_cut_each_time_is_no_truncated_object(store):
    refused("GM-A622", bring, MD5, WANTED, Distant(DATA[:7000], size=len(DATA)), store)


def test_a_remote_that_does_not_say_how_long_an_object_is_is_asked_twice(store):
    refused("GM-A312", bring, MD5, WANTED, Distant(DATA[:7000], size=LOST), store)


def test_a_remote_that_cannot_go_on_is_asked_from_the_beginning(store):
    other = cloud_error(OtherRangeError("fewer bytes"), "remote")
    store.partial.mkdir(parents=True)
    partial(store).write_bytes(DATA[:5000])
    remote = Distant(other, DATA)
    assert bring(MD5, WANTED, remote, store).sha256 == SHA
    assert remote.asked == [5000, 0]
    store.path(SHA).unlink()
    refused("GM-A622", bring, MD5, WANTED, Distant(other), store)


def test_two_that_bring_the_same_object_do_not_share_a_file(store):
    store.partial.mkdir(parents=True)
    with partial(store).open("wb") as other:
        other.write(DATA[:10])
        fcntl.flock(other, fcntl.LOCK_EX)
        assert bring(MD5, WANTED, Distant(DATA), store).sha256 == SHA
        assert partial(store).is_file()


def test_a_store_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "content").write_text("a file")
    refused("GM-A401", bring, MD5, WANTED, Distant(DATA), ContentStore(tmp_path / "content"))


def test_a_mistake_of_ours_leaves_nothing(store):
    class Broken(Distant):
        def open(self, *_asked):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bring(MD5, WANTED, Broken(DATA), store)
    assert not list(store.partial.iterdir())


def test_a_small_object_is_read_and_not_kept(store):
    assert bring_bytes(MD5, Expected("remote", limit=len(DATA), md5=MD5), Distant(DATA), store) == DATA
    assert not [path for path in store.root.rglob("*") if path.is_file()]


def test_members_that_came_before_a_crash_are_not_fetched_again(store):
    from types import SimpleNamespace  # noqa: PLC0415

    entry = SimpleNamespace(path="tokenizer", size=len(DATA))
    first = Members(entry, Distant(DATA), store, "f" * 32 + ".dir")
    first.bring(MD5, lambda _count: None)
    again = Members(entry, Distant(LOST), store, "f" * 32 + ".dir")
    again.bring(MD5, lambda _count: None)
    assert again.found == first.found
    again.forget()
    assert Members(entry, Distant(LOST), store, "f" * 32 + ".dir")._noted == {}


@pytest.mark.attack("a directory in the remote is larger than its lineage says", "GM-A313", by="outsider")
def test_members_are_not_more_than_the_artifact(store):
    from types import SimpleNamespace  # noqa: PLC0415

    members = Members(SimpleNamespace(path="tokenizer", size=len(DATA)), Distant(DATA), store, "f" * 32 + ".dir")
    members.bring(MD5, lambda _count: None)
    members.reader = Distant(b"more")
    refused("GM-A313", members.bring, hashlib.md5(b"more", usedforsecurity=False).hexdigest(), lambda _count: None)


def test_the_first_failure_stops_the_others_and_is_the_one_that_is_raised():
    begun, failed = threading.Event(), threading.Event()

    def work(item, meter):
        if item == "bad":
            begun.wait(10)
            failed.set()
            raise LOST
        begun.set()
        failed.wait(10)
        for _ in range(10_000):
            meter(1)
            failed.wait(0.001)
        raise AssertionError("was not stopped")

    assert refused("GM-A321", in_parallel, work, ["slow", "bad", "late"]) is LOST


def test_results_come_in_order_and_progress_by_one_at_a_time():
    counted = []
    assert in_parallel(lambda item, meter: meter(item) or item * 2, list(range(50)), counted.append) == [
        2 * item for item in range(50)
    ]
    assert sum(counted) == sum(range(50))


LEAVING = """
import threading
from gitops_models.artifacts.parallel import in_parallel
begun, never = threading.Event(), threading.Event()
fetch = lambda item, meter: (begun.set(), never.wait(600))
threading.Thread(target=in_parallel, args=(fetch, [1, 2]), daemon=True).start()
begun.wait(60)
"""


def test_a_process_that_ends_does_not_wait_for_what_it_fetches_ahead():
    done = subprocess.run([sys.executable, "-c", LEAVING], capture_output=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, b"")


class Silent:
    """A remote that says nothing until it is let go."""

    def __init__(self):
        self.let_go = threading.Event()

    def read(self, _size):
        self.let_go.wait(30)
        return b""

    def close(self):
        raise OSError("it is gone")


def test_a_remote_that_stands_still_is_left():
    silent = Silent()
    stream = Ahead(lambda: silent, "remote", coded=lambda error: error, patience=0.05)
    refused("GM-A621", stream.read, 10)
    refused("GM-A621", within, 0.05, silent.let_go.wait, "remote")
    silent.let_go.set()
    assert within(30, lambda: 7, "remote") == 7


@pytest.mark.attack("a remote that sends a byte now and then holds a reconciler for ever", "GM-A621", by="outsider")
def test_a_remote_that_trickles_is_left_and_a_slow_one_is_not():
    for size, fails in ((LEAST // 8, True), (LEAST, False)):
        now = iter(range(0, 10_000, 10))
        chunks = iter([b"x" * size] * 4 + [b""])

        class Slow:
            def read(self, _size, chunks=chunks):
                return next(chunks)

            def close(self):
                pass

        stream = Ahead(Slow, "remote", coded=lambda error: error, patience=15, clock=lambda now=now: next(now))
        if fails:
            refused("GM-A621", stream.readall)
        else:
            assert len(stream.readall()) == 4 * size


@pytest.mark.parametrize("said", ["", "bytes 9-20/30", "nonsense"])
def test_an_answer_that_begins_elsewhere_is_refused(said):
    class Body:
        def close(self):
            self.closed = True

    class Inner:
        loop = None
        req_kw = {}  # noqa: RUF012

        def split_path(self, path):
            return *path.split("/", 1), None

        def open(self, *_args, **_options):
            made = Body()
            made.r = type("Answer", (), {"status": 206, "headers": {"Content-Range": said}})
            return made

    system = type("System", (), {"protocol": "http", "fs": Inner()})
    with pytest.raises(OtherRangeError):
        open_at(system, "bucket/key", 5)
