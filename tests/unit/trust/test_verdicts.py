import os
import time
from hashlib import sha256

import pytest

from gitops_models.policy.facts import Signature
from gitops_models.trust import verdicts
from gitops_models.trust.verdicts import Judged, VerdictCache, digest_of, judged, verdict_folder
from gitops_models.trust.verify import Verified

GOOD = Judged("good", None, "", "ssh", "SHA256:x", ("ann", "bob"), touch=True, pin=False)
DIGEST = "d" * 64


@pytest.fixture
def folder(tmp_path):
    """Where verdicts may be kept; made by the cache itself."""
    return tmp_path / "gitops-models" / "verdicts"


def test_a_verdict_becomes_plain_values():
    signature = Signature("good", None, "SHA256:x", "", "ssh", touch=True, pin=False)
    assert judged(Verified(signature, principals=("ann", "bob"))) == GOOD
    assert GOOD.good
    assert not Judged("bad", "GM-T003").good


def test_what_is_kept_comes_back(folder):
    cache = VerdictCache(folder, DIGEST)
    assert cache.load() == {}
    cache.save({"a" * 40: GOOD, "b" * 40: Judged("bad", "GM-T003"), "c" * 40: GOOD})
    assert cache.load() == {"a" * 40: GOOD, "b" * 40: Judged("bad", "GM-T003"), "c" * 40: GOOD}
    assert VerdictCache(folder, "e" * 64).load() == {}


def test_a_verdict_that_no_longer_holds_is_left_out(folder):
    cache = VerdictCache(folder, DIGEST)
    now = int(time.time())
    cache.save({"old": Judged("good", until=now - 1), "young": Judged("good", until=now + 1000)})
    assert set(cache.load()) == {"young"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "[1]", "[[], {}, 1]", '[[], {"a": 0}]', '[[["good"]], {}]', "[1, {}]", '[[], ["a"]]']
)
def test_a_file_of_another_form_is_no_file(folder, text):
    VerdictCache(folder, DIGEST).save({"a": GOOD})
    (folder / f"{DIGEST}.json").write_text(f"{DIGEST} {sha256(text.encode()).hexdigest()}\n{text}")
    assert VerdictCache(folder, DIGEST).load() == {}


def test_a_file_with_one_byte_changed_at_any_place_is_no_file(folder):
    cache = VerdictCache(folder, DIGEST)
    cache.save({"a" * 40: Judged("bad", "GM-T003"), "b" * 40: GOOD})
    path = folder / f"{DIGEST}.json"
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert cache.load() == {}, place
    path.write_bytes(whole[:-1])
    assert cache.load() == {}


def test_a_file_kept_for_other_keys_is_no_file_under_this_name(folder):
    VerdictCache(folder, "e" * 64).save({"a": GOOD})
    (folder / ("e" * 64 + ".json")).rename(folder / f"{DIGEST}.json")
    assert VerdictCache(folder, DIGEST).load() == {}


@pytest.mark.parametrize("mode", [0o770, 0o707])
@pytest.mark.parametrize("which", ["parent", "own"])
def test_a_folder_that_others_can_write_is_not_used(folder, mode, which):
    cache = VerdictCache(folder, DIGEST)
    cache.save({"a": GOOD})
    (folder if which == "own" else folder.parent).chmod(mode)
    assert cache.load() == {}
    cache.save({"b": GOOD})
    folder.chmod(0o700)
    folder.parent.chmod(0o700)
    assert set(cache.load()) == {"a"}


def test_a_folder_of_somebody_else_is_not_used(folder, monkeypatch):
    cache = VerdictCache(folder, DIGEST)
    cache.save({"a": GOOD})
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert cache.load() == {}


def test_a_link_is_not_followed(folder, tmp_path):
    cache = VerdictCache(folder, DIGEST)
    cache.save({"a": GOOD})
    (folder / f"{DIGEST}.json").rename(tmp_path / "elsewhere")
    (folder / f"{DIGEST}.json").symlink_to(tmp_path / "elsewhere")
    assert cache.load() == {}
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    assert cache.load() == {}


def test_what_is_no_plain_file_or_too_large_is_no_file(folder, monkeypatch):
    cache = VerdictCache(folder, DIGEST)
    cache.save({"a": GOOD})
    monkeypatch.setattr(verdicts, "_MAX_BYTES", 10)
    assert cache.load() == {}
    monkeypatch.undo()
    (folder / f"{DIGEST}.json").unlink()
    os.mkfifo(folder / f"{DIGEST}.json")
    assert cache.load() == {}


def test_without_a_place_nothing_is_kept():
    cache = VerdictCache(None, DIGEST)
    cache.save({"a": GOOD})
    assert cache.load() == {}


def test_the_place_is_the_persons_own_and_never_in_the_repository(tmp_path):
    home, cache = tmp_path / "home", tmp_path / "cache"
    environ = {"HOME": str(home)}
    found = home / ".cache" / "gitops-models" / "verdicts"
    assert verdict_folder(environ, []) == found
    assert verdict_folder({**environ, "XDG_CACHE_HOME": "relative"}, [tmp_path / "r"]) == found
    assert verdict_folder({**environ, "XDG_CACHE_HOME": str(cache)}, []) == cache / "gitops-models" / "verdicts"
    assert verdict_folder(environ, [tmp_path / "r", home]) is None
    assert verdict_folder({}, []) is None
    assert verdict_folder({"HOME": "relative"}, []) is None
    (tmp_path / "r").mkdir()
    cache.symlink_to(tmp_path / "r")
    assert verdict_folder({"XDG_CACHE_HOME": str(cache)}, [tmp_path / "r"]) is None


def test_a_place_that_cannot_be_written_is_passed_over(tmp_path):
    (tmp_path / "file").write_text("")
    VerdictCache(tmp_path / "file" / "verdicts", DIGEST).save({"a": GOOD})
    assert (tmp_path / "file").read_text() == ""


def test_only_the_newest_files_stay(folder):
    for number in range(36):
        VerdictCache(folder, f"{number:064}").save({})
        os.utime(folder / f"{number:064}.json", (number, number))
    assert len(list(folder.iterdir())) == 32
    assert not (folder / f"{3:064}.json").exists()
    assert (folder / f"{4:064}.json").exists()


def test_the_digest_tells_its_parts_apart():
    assert digest_of([b"a", b"b"]) == digest_of([b"a", b"b"])
    assert len({digest_of(parts) for parts in ([b"a", b"b"], [b"ab"], [b"b", b"a"], [b"ab", b""], [])}) == 5


@pytest.mark.parametrize(("name", "value"), [("__version__", "99"), ("RULES", 99)])
def test_another_gm_has_another_digest(monkeypatch, name, value):
    before = digest_of([b"a"])
    monkeypatch.setattr(verdicts, name, value)
    assert digest_of([b"a"]) != before
