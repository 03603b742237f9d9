"""Notices over a real HTTP server on loopback and through real programs: delivered, signed, kept, sent once."""

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest

from gitops_models.delivery.notify.assemble import notifier_of
from gitops_models.delivery.notify.base import Message, Patience
from gitops_models.delivery.notify.notices import Notice, Route, Severity
from gitops_models.delivery.notify.outbox import MOST_ASIDE, MOST_BYTES, MOST_MESSAGES, Outbox
from gitops_models.delivery.notify.settings import Notification
from gitops_models.errors import GmError
from tests.support.notices import EMERGENCY, NOW, ROLLBACK
from tests.support.receiver import SECRET, raw_server, receiver, self_signed


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    return file


def webhook(url, secret, *, name="hook", routes=("ops", "security"), timeout=10, **more):
    return Notification.model_validate(
        {"id": name, "routes": routes, "webhook": {"url": url, "secret_file": str(secret), **more}, "timeout": timeout}
    )


def program(*words, name="page", timeout=10):
    return Notification.model_validate({"id": name, "command": [str(word) for word in words], "timeout": timeout})


def script(folder, text, name="page"):
    path = folder / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def codes(told):
    return [error.code for error in told.warnings]


def test_a_notice_arrives_as_a_signed_cloud_event(hook, secret, post):
    told = post(webhook(hook.url, secret)).notify(EMERGENCY)
    assert (told.sent, told.waiting, told.warnings) == (1, 0, ())
    (delivery,) = hook.deliveries
    event = delivery.event
    data = event.pop("data")
    identity = event.pop("id")
    assert event == {
        "specversion": "1.0",
        "source": "/gitops-models/shop",
        "type": "gitops-models.v1.emergency-initiated",
        "subject": "fraud",
        "time": "2026-11-22T10:00:00Z",
        "datacontenttype": "application/json",
    }
    assert (data["severity"], data["routes"], data["incident"]) == ("critical", ["ops", "security"], "INC-1")
    assert delivery.signed
    assert delivery.headers["webhook-id"] == identity
    assert delivery.headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert delivery.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert delivery.path == "/hook?for=gm"


def test_each_place_gets_its_routes_only(hook, secret, post):
    with receiver() as other:
        told = post(
            webhook(hook.url, secret, name="ops", routes=["ops"]),
            webhook(other.url, secret, name="security", routes=["security"]),
        )
        told.notify(ROLLBACK)
        told.notify(EMERGENCY)
        assert (hook.kinds, other.kinds) == (
            ["rollback-initiated", "emergency-initiated"],
            ["emergency-initiated"],
        )


def test_an_emergency_that_nobody_for_security_hears_of_is_a_warning(hook, secret, post):
    told = post(webhook(hook.url, secret, routes=["ops"])).notify(EMERGENCY)
    assert (told.sent, codes(told)) == (1, ["GM-R709"])


def test_without_any_place_an_ordinary_notice_is_recorded_and_no_warning(tmp_path, post):
    told = post().notify(ROLLBACK)
    assert (told.sent, told.waiting, told.warnings) == (0, 0, ())
    (line,) = (tmp_path / "state" / "notices.jsonl").read_text().splitlines()
    assert json.loads(line)["data"]["event"] == "rollback-initiated"


def test_text_of_strangers_is_escaped_and_bounded(hook, secret, post):
    hostile = Notice("rollback-failed", model="fraud", reason="\x1b[2J\u202egnp\ud800" + "x" * 5000)
    post(webhook(hook.url, secret)).notify(hostile)
    (delivery,) = hook.deliveries
    assert delivery.body.isascii()
    reason = delivery.event["data"]["reason"]
    assert reason.startswith("\\x1b[2J\\u202egnp\\ud800x")
    assert len(reason) == 2000


@pytest.mark.parametrize("answer", [500, 503, 429, 408, None])
def test_what_may_pass_is_tried_again_with_growing_pauses_under_the_same_id(hook, secret, post, waits, answer):
    hook.answers = [answer, answer, 200]
    told = post(webhook(hook.url, secret)).notify(ROLLBACK)
    assert (told.sent, told.waiting, told.warnings) == (1, 0, ())
    assert waits.waited == [1.0, 2.0]
    assert len({delivery.headers["webhook-id"] for delivery in hook.deliveries}) == 1
    assert all(delivery.signed for delivery in hook.deliveries)


@pytest.mark.parametrize("answer", [400, 401, 404, 410])
def test_a_refusal_is_not_tried_again_in_the_same_run_and_stays_in_the_outbox(hook, secret, post, waits, answer):
    hook.answers = [answer]
    told = post(webhook(hook.url, secret)).notify(ROLLBACK)
    assert (told.sent, told.waiting, codes(told)) == (0, 1, ["GM-R701"])
    assert (len(hook.deliveries), waits.waited) == (1, [])
    hook.answers = [200]
    again = post(webhook(hook.url, secret)).flush()
    assert (again.sent, again.waiting) == (1, 0)
    assert hook.events[0] == hook.events[1]


def test_a_redirect_is_not_followed(hook, secret, post):
    with receiver() as other:
        hook.answers, hook.headers = [307], {"Location": other.url}
        told = post(webhook(hook.url, secret)).notify(ROLLBACK)
        assert (codes(told), other.deliveries) == (["GM-R701"], [])
        assert "redirects" in told.warnings[0].message


def test_a_receiver_that_is_away_is_a_warning_and_the_next_run_sends_all_in_order(hook, secret, post):
    hook.answers = [500]
    first = post(webhook(hook.url, secret))
    told = [first.notify(ROLLBACK), first.notify(Notice("rollback-failed")), first.notify(EMERGENCY)]
    assert [one.waiting for one in told] == [1, 2, 3]
    assert {code for one in told for code in codes(one)} == {"GM-R700"}
    assert [error.code for error in first.warnings] == ["GM-R700"] * len(first.warnings)
    hook.answers, tried = [200], len(hook.deliveries)
    assert post(webhook(hook.url, secret)).flush().sent == 3
    assert hook.kinds[tried:] == ["rollback-initiated", "rollback-failed", "emergency-initiated"]


def test_a_place_that_is_away_rests_longer_each_time_but_what_is_new_is_always_tried(hook, secret, post, waits):
    hook.answers = [500]
    office = post(webhook(hook.url, secret))
    office.notify(ROLLBACK)
    tried = len(hook.deliveries)
    assert (codes(office.flush()), len(hook.deliveries)) == ([], tried)
    waits.seconds += 31
    assert (codes(office.flush()), len(hook.deliveries)) == (["GM-R700"], tried + 1)
    waits.seconds += 31
    assert (codes(office.flush()), len(hook.deliveries)) == ([], tried + 1)
    hook.answers = [200]
    assert office.notify(EMERGENCY).sent == 1
    assert office.flush().sent == 1


def test_what_is_new_is_tried_behind_messages_that_a_place_refuses(hook, secret, post):
    hook.answers = [400]
    office = post(webhook(hook.url, secret))
    for number in range(5):
        office.notify(Notice("rollback-initiated", model=f"m{number}"))
    tried = len(hook.deliveries)
    hook.answers = [400, 400, 400, 200]
    assert office.notify(EMERGENCY).sent == 1
    assert (len(hook.deliveries) - tried, hook.kinds[-1]) == (4, "emergency-initiated")


def test_nobody_listening_is_a_warning(secret, post):
    with receiver() as gone:
        url = gone.url
    told = post(webhook(url, secret)).notify(ROLLBACK)
    assert (told.sent, told.waiting, codes(told)) == (0, 1, ["GM-R700"])


def test_a_server_that_trickles_is_hung_up_on(secret):
    def trickle(connection, over):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not over.wait(0.01):
            connection.sendall(b"a")

    with raw_server(trickle) as port:
        assert refusal(port, secret, seconds=0.3) == "GM-R700"


def test_a_server_that_says_nothing_is_given_up(secret):
    with raw_server(lambda _connection, over: over.wait(30)) as port:
        assert refusal(port, secret, seconds=0.3) == "GM-R700"


@pytest.mark.parametrize("said", [b"SSH-2.0-x\r\n", b"HTTP/1.1 200\r\n" + b"A: b\r\n" * 200 + b"\r\n", b""])
def test_an_answer_that_is_no_http_is_no_delivery(secret, said):
    def serve(connection, _over):
        connection.recv(65536)
        connection.sendall(said)

    with raw_server(serve) as port:
        assert refusal(port, secret, seconds=5) == "GM-R700"


def test_a_huge_body_is_never_read(secret, waits):
    sent = []

    def serve(connection, over):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")
        while not over.is_set():
            sent.append(connection.send(b"x" * 65536))

    with raw_server(serve) as port:
        notifier_of(webhook(address(port), secret), clock=lambda: NOW, now=waits.now).send(message(), left=20)
    assert sum(sent) < 64 * 1024 * 1024


def address(port):
    return f"http://127.0.0.1:{port}/"


def message(body=b"{}", notifier="hook"):
    return Message("1" * 32, "rollback-initiated", notifier, body)


def refusal(port, secret, *, seconds):
    notifier = notifier_of(webhook(address(port), secret), clock=lambda: NOW, now=monotonic)
    with pytest.raises(GmError) as refused:
        notifier.send(message(), left=seconds)
    return refused.value.code


def test_https_is_verified(tmp_path, secret, post):
    certificate, key = self_signed(tmp_path)
    with receiver((certificate, key)) as hook:
        told = post(webhook(hook.url, secret)).notify(ROLLBACK)
        assert (codes(told), hook.deliveries) == (["GM-R700"], [])
        assert "certificate" in told.warnings[0].message.lower()
        assert post(webhook(hook.url, secret, ca_file=str(certificate))).flush().sent == 1


def test_a_token_in_the_address_is_not_shown(hook, secret, post):
    hook.answers = [404]
    url = hook.url.replace("/hook", "/services/T0KEN")
    told = post(webhook(url, secret)).notify(ROLLBACK)
    assert "T0KEN" not in "".join(f"{error.message}{error.where}" for error in told.warnings)


@pytest.mark.parametrize("content", [None, b"too short", b"whsec_????????????????????????????????", b"\xff" * 40])
def test_without_a_good_secret_nothing_is_sent_and_the_notice_waits(hook, secret, post, content):
    secret.unlink()
    if content is not None:
        secret.write_bytes(content)
    told = post(webhook(hook.url, secret)).notify(ROLLBACK)
    assert (told.waiting, codes(told), hook.deliveries) == (1, ["GM-R703"], [])


def test_the_secret_may_come_from_the_environment_and_be_encoded(hook, post, monkeypatch):
    place = Notification.model_validate({"id": "hook", "webhook": {"url": hook.url, "secret_env": "HOOK_SECRET"}})
    assert codes(post(place).notify(ROLLBACK)) == ["GM-R703"]
    monkeypatch.setenv("HOOK_SECRET", "whsec_YSBzaGFyZWQgc2VjcmV0IG9mIHNvbWUgbGVuZ3Ro")
    assert post(place).flush().sent == 1
    assert hook.deliveries[0].signed


def test_a_program_gets_the_event_on_standard_input_and_a_clean_environment(tmp_path, post, monkeypatch):
    for name in ("GIT_DIR", "SSH_AUTH_SOCK", "LD_PRELOAD_X", "PYTHONPATH", "GITHUB_TOKEN", "HOOK_SECRET"):
        monkeypatch.setenv(name, "x")
    out, env, args = (tmp_path / name for name in ("event", "env", "args"))
    page = script(tmp_path, f'cat > {out}; env > {env}; pwd >> {env}; printf "%s|" "$@" > {args}')
    told = post(program(page, "--from", "$(id); *")).notify(EMERGENCY)
    assert (told.sent, told.warnings) == (1, ())
    assert json.loads(out.read_bytes())["data"]["incident"] == "INC-1"
    names = {line.partition("=")[0] for line in env.read_text().splitlines()}
    assert names <= {
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "TMPDIR",
        "LANG",
        "LC_ALL",
        "TZ",
        "PWD",
        "/",
        "_",
        "SHLVL",
        "OLDPWD",
    }
    assert args.read_text() == "--from|$(id); *|"


def test_a_program_that_fails_is_a_warning_with_what_it_said(tmp_path, post, waits):
    page = script(tmp_path, "printf 'no \\033[31mmodem' >&2; yes x | head -c 1000000 >&2; exit 3")
    told = post(program(page)).notify(ROLLBACK)
    assert (told.waiting, codes(told), waits.waited) == (1, ["GM-R702"], [])
    assert "ended with 3 no \\x1b[31mmodem" in told.warnings[0].message
    assert len(told.warnings[0].message) < 500


def test_a_program_that_asks_for_patience_is_run_again(tmp_path, post, waits):
    page = script(tmp_path, f"test -e {tmp_path}/tried && exit 0; touch {tmp_path}/tried; exit 75")
    assert post(program(page)).notify(ROLLBACK).sent == 1
    assert waits.waited == [1.0]


def test_a_program_that_is_not_there_is_a_warning(tmp_path, post):
    assert codes(post(program(tmp_path / "missing")).notify(ROLLBACK)) == ["GM-R702"]


def test_a_program_that_does_not_end_is_ended_with_what_it_started(tmp_path):
    alive = tmp_path / "alive"
    page = script(tmp_path, f"(exec >&2; trap '' TERM; echo $$ > {alive}; while :; do sleep 1; done) & exec 2>&-; wait")
    notifier = notifier_of(program(page), clock=lambda: NOW, now=monotonic)
    with pytest.raises(GmError) as late:
        notifier.send(message(), left=0.5)
    assert late.value.code == "GM-R700"
    with pytest.raises(ProcessLookupError):
        os.kill(int(alive.read_text()), 0)


def test_ctrl_c_ends_the_program_too(tmp_path):
    alive = tmp_path / "alive"
    page = script(tmp_path, f"echo $$ > {alive}.new; mv {alive}.new {alive}; exec sleep 600")

    def now():
        if alive.exists():
            raise KeyboardInterrupt
        return 0.0

    notifier = notifier_of(program(page), clock=lambda: NOW, now=now)
    with pytest.raises(KeyboardInterrupt):
        notifier.send(message(), left=5)
    with pytest.raises(ProcessLookupError):
        os.kill(int(alive.read_text()), 0)


def test_a_damaged_file_is_set_aside_and_the_others_are_sent(tmp_path, hook, secret, post):
    hook.answers = [500]
    office = post(webhook(hook.url, secret))
    for model in ("one", "two", "three", "four"):
        office.notify(Notice("rollback-initiated", model=model))
    first, second, third, _ = office.outbox.waiting()
    first.write_bytes(first.read_bytes()[:50])
    second.write_bytes(second.read_bytes().replace(b"two", b"owt"))
    third.unlink()
    third.symlink_to("/etc/passwd")
    hook.answers = [200]
    told = post(webhook(hook.url, secret)).flush()
    assert (told.sent, told.waiting, codes(told)) == (1, 0, ["GM-R704"] * 3)
    assert hook.events[-1]["data"]["model"] == "four"
    assert len(list((tmp_path / "state" / "aside").iterdir())) == 3


@pytest.mark.parametrize(
    "data",
    [
        b"[]",
        b"{}",
        b'{"id": 1}',
        b'{"id":1,"kind":1,"notifier":1,"body":1,"sha256":1}',
        b"[" * 100_000,
        b"x" * (MOST_BYTES + 1),
        b"\xff",
    ],
)
def test_a_file_that_is_no_message_is_set_aside(tmp_path, post, data):
    office = post()
    office.notify(ROLLBACK)
    name = f"{1:020d}-1-{'0' * 32}.json"
    (tmp_path / "state" / name).write_bytes(data)
    assert codes(office.flush()) == ["GM-R704"]
    assert [path.name for path in (tmp_path / "state" / "aside").iterdir()] == [name]


def test_a_message_for_a_place_that_is_no_longer_named_is_set_aside_once(tmp_path, hook, secret, post):
    hook.answers = [500]
    post(webhook(hook.url, secret, name="old")).notify(ROLLBACK)
    new = post(webhook(hook.url, secret, name="new"))
    assert codes(new.flush()) == ["GM-R708"]
    assert (codes(new.flush()), new.flush().waiting) == ([], 0)
    assert len(list((tmp_path / "state" / "aside").iterdir())) == 1


def test_a_full_outbox_drops_what_matters_least_and_says_so(tmp_path):
    outbox = Outbox(tmp_path / "state")
    for number in range(MOST_MESSAGES):
        rank = 2 if number != 3 else 0
        outbox.put(Message(str(number), "rollback-failed", "hook", b"{}"), rank=rank, at=number)
    (dropped,) = outbox.put(Message("new", "emergency-initiated", "hook", b"{}"), rank=2, at=MOST_MESSAGES)
    assert dropped.code == "GM-R706"
    left = [outbox.read(path).id for path in outbox.waiting()]
    assert left == [*map(str, (0, 1, 2)), *map(str, range(4, MOST_MESSAGES)), "new"]
    for path in outbox.waiting():
        outbox.set_aside(path)
    assert len(list((tmp_path / "state" / "aside").iterdir())) == MOST_ASIDE


def test_an_event_too_large_or_put_twice_takes_no_place(tmp_path):
    outbox = Outbox(tmp_path / "state")
    with pytest.raises(GmError) as refused:
        outbox.put(message(b"x" * MOST_BYTES), rank=0, at=0)
    assert refused.value.code == "GM-R705"
    for _ in range(2):
        outbox.put(message(), rank=0, at=0)
    assert len(outbox.waiting()) == 1


def test_order_holds_when_the_clock_goes_back(tmp_path):
    outbox = Outbox(tmp_path / "state")
    for number, at in enumerate((100, 50, 10)):
        outbox.put(Message(str(number), "rollback-failed", "hook", b"{}"), rank=0, at=at)
    assert [outbox.read(path).id for path in outbox.waiting()] == ["0", "1", "2"]


def test_the_outbox_is_private_and_forgets_what_a_killed_run_left_half_written(tmp_path):
    outbox = Outbox(tmp_path / "state")
    outbox.put(message(), rank=0, at=0)
    left = tmp_path / "state" / ".00000000000000000001-1-x.json.new"
    left.write_bytes(b"half")
    outbox.put(Message("2", "rollback-failed", "hook", b"{}"), rank=0, at=left.stat().st_mtime_ns + 10**9)
    assert left.exists()
    outbox.put(Message("3", "rollback-failed", "hook", b"{}"), rank=0, at=left.stat().st_mtime_ns + 7200 * 10**9)
    assert not left.exists()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
    assert (stat.S_IMODE((tmp_path / "state").stat().st_mode), modes) == (0o700, {0o600})


def test_an_alarm_goes_out_although_the_outbox_cannot_be_written(tmp_path, hook, secret, post):
    (tmp_path / "state").write_text("a file where the directory belongs")
    told = post(webhook(hook.url, secret)).notify(EMERGENCY)
    assert (told.sent, hook.kinds) == (1, ["emergency-initiated"])
    assert set(codes(told)) == {"GM-R705"}


def test_the_record_of_notices_is_bounded(tmp_path, post, monkeypatch):
    monkeypatch.setattr("gitops_models.delivery.notify.outbox.LOG_BYTES", 300)
    office = post()
    for _ in range(4):
        office.notify(ROLLBACK)
    files = sorted(path.name for path in (tmp_path / "state").iterdir())
    assert files == ["notices.jsonl", "notices.old.jsonl"]
    assert (tmp_path / "state" / "notices.jsonl").stat().st_size < 1000


def test_a_bug_of_a_notifier_is_a_warning(post):
    class Broken:
        id, routes = "broken", frozenset(Route)

        def send(self, *_message, **_left):
            raise ZeroDivisionError

    office = post()
    office.notifiers = [Broken()]
    assert codes(office.notify(EMERGENCY)) == ["GM-C001"]
    assert codes(office.flush()) == ["GM-C001"]
    office.outbox = None
    assert codes(office.flush()) == ["GM-C001"]


def test_sending_ends_when_its_time_is_over(hook, secret, post, waits):
    hook.answers = [500]
    patience = Patience(wait=waits.wait, now=waits.now, seconds=2.5)
    told = post(webhook(hook.url, secret), patience=patience).notify(EMERGENCY)
    assert (codes(told), waits.waited, len(hook.deliveries)) == (["GM-R700"], [1.0], 2)


def test_a_message_that_another_run_sent_meanwhile_is_not_sent_again(hook, secret, post):
    hook.answers = [500]
    office = post(webhook(hook.url, secret))
    for model in ("one", "two"):
        office.notify(Notice("rollback-initiated", model=model))
    _, second = office.outbox.waiting()
    hook.answers, hook.deliveries, hook.during = [200], [], second.unlink
    told = post(webhook(hook.url, secret)).flush()
    assert (told.sent, told.waiting, told.warnings) == (1, 0, ())


def test_two_senders_send_each_message_once(hook, secret, post):
    hook.answers = [500]
    office = post(webhook(hook.url, secret))
    for number in range(5):
        office.notify(Notice("rollback-initiated", model=f"m{number}"))
    hook.answers, hook.deliveries, hook.gate = [200], [], Event()
    hook.arrived.clear()
    real = Patience(wait=lambda _seconds: None, now=monotonic)
    senders = [Thread(target=post(webhook(hook.url, secret), patience=real).flush) for _ in range(3)]
    for sender in senders:
        sender.start()
    assert hook.arrived.wait(60)
    hook.gate.set()
    for sender in senders:
        sender.join()
    assert [event["data"]["model"] for event in hook.events] == [f"m{number}" for number in range(5)]


def test_who_cannot_wait_for_another_sender_leaves_the_notice_to_it(hook, secret, post, waits):
    office = post(webhook(hook.url, secret))
    with office.outbox.sending(wait=waits.wait, now=waits.now, seconds=1):
        told = post(webhook(hook.url, secret)).notify(EMERGENCY)
    assert (codes(told), told.waiting, hook.deliveries) == (["GM-R707"], 1, [])
    assert office.flush().sent == 1


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from gitops_models.delivery.notify.assemble import open_post
from gitops_models.delivery.notify.notices import Notice
from gitops_models.delivery.notify.settings import Notification
place = {"id": "hook", "webhook": {"url": sys.argv[1], "secret_file": sys.argv[2]}}
clock = lambda: datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
post = open_post([Notification.model_validate(place)], Path(sys.argv[3]), clock=clock, repository="shop")
post.notify(Notice("emergency-initiated", model="fraud"))
"""


def test_a_notice_survives_a_kill_while_it_is_sent_and_comes_again_under_the_same_id(tmp_path, hook, secret, post):
    hook.gate = Event()
    words = [sys.executable, "-c", KILLED, hook.url, str(secret), str(tmp_path / "state")]
    with subprocess.Popen(words) as process:
        assert hook.arrived.wait(60)
        process.send_signal(signal.SIGKILL)
    hook.gate.set()
    hook.gate = None
    assert len(post().outbox.waiting()) == 1
    assert post(webhook(hook.url, secret)).flush().sent == 1
    first, second = hook.events
    assert first == second


DIES = """import os
type(post.notifiers[0]).send = lambda *_, **__: os.kill(os.getpid(), 9)
"""


def test_a_notice_survives_a_kill_between_the_outbox_and_the_first_attempt(tmp_path, hook, secret, post):
    trap = KILLED.replace("post.notify", f"{DIES}post.notify")
    words = [sys.executable, "-c", trap, hook.url, str(secret), str(tmp_path / "state")]
    assert subprocess.run(words, check=False, timeout=120).returncode == -signal.SIGKILL
    assert hook.deliveries == []
    assert post(webhook(hook.url, secret)).flush().sent == 1
    assert hook.kinds == ["emergency-initiated"]


def test_an_id_that_the_caller_gives_is_kept(hook, secret, post):
    post(webhook(hook.url, secret)).notify(Notice("integrity-failure", id="abc", severity=Severity.INFO))
    assert (hook.events[0]["id"], hook.events[0]["data"]["severity"]) == ("abc", "info")
    assert Path(os.fspath(post().outbox.root)).is_dir()
