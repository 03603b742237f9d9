"""Engines of a directory target: told by HTTP, by a signal or by a program, and asked what they serve."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from gitops_models.delivery.engines import AWAY, UNSETTLED
from gitops_models.delivery.states import State
from gitops_models.delivery.targets.base import Order
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.delivery.targets.registry import KINDS, engine_of, open_target
from gitops_models.delivery.targets.settings import CommandPlace, DirectoryPlace, Reload
from gitops_models.delivery.values import ModelStage, Note, Retire, Switch
from gitops_models.errors import Exit, GmError
from tests.support.delivery import Ledger, chosen, deployment, desired, reconciler, settle
from tests.support.engines import engine
from tests.support.receiver import receiver, self_signed
from tests.support.refusals import refused

AT = ModelStage("fraud", "production")
ONE, TWO = deployment("1.0.0"), deployment("1.1.0")
ORDER = Order(AT, "1.0.0", "a" * 64, "a" * 64, Path("/srv/a b"))


def told(**ways):
    return engine_of(Reload.model_validate({"timeout": 5, **ways}))


def by_http(url, **more):
    return told(http={"load": f"{url}/load/{{model}}?v={{version}}", **more})


@pytest.fixture
def served():
    with engine() as made:
        yield made


def test_http_tells_which_version_lies_where_and_fills_words_in_as_one_segment(served, tmp_path):
    (tmp_path / "token").write_text("abc.def\n")
    urls = {"unload": f"{served.url}/unload/{{model}}/{{stage}}", "token_file": str(tmp_path / "token")}
    http = by_http(served.url, **urls)
    http.load(Order(AT, "rules@2.0.0", "a" * 64, "a" * 64, Path("/srv/a b")))
    http.unload(AT)
    (method, path, headers, body), (_, gone, _, _) = served.asked
    assert (method, path, gone) == ("POST", "/load/fraud?v=rules%402.0.0", "/unload/fraud/production")
    assert (headers["authorization"], headers["content-type"]) == ("Bearer abc.def", "application/json")
    words = {"model": "fraud", "stage": "production", "version": "rules@2.0.0", "sha256": "a" * 64, "path": "/srv/a b"}
    assert json.loads(body) == {"parameters": words}
    assert (http.answers, http.digest(AT)) == (False, None)


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "GM-R311"), (404, "GM-R311"), (500, "GM-R311"), (307, "GM-R311"), (503, "GM-R310"), (429, "GM-R310")],
)
def test_http_a_refusal_is_final_and_an_engine_that_is_away_is_not(served, status, code):
    served.answers["POST"] = (status, b"cannot parse \x1b[31m")
    error = refused(code, by_http(served.url).load, ORDER)
    assert f"answers {status} cannot parse \\x1b[31m" in error.message
    assert error.exit_status is {"GM-R311": Exit.INTEGRITY, "GM-R310": Exit.EXTERNAL}[code]
    assert len(served.asked) == 1  # no redirect is followed


def test_http_unloading_what_is_not_there_is_done(served):
    served.answers["POST"] = (404, b"")
    by_http(served.url, unload=f"{served.url}/unload").unload(AT)
    by_http(served.url).unload(AT)
    assert [path for _, path, _, _ in served.asked] == ["/unload"]


def test_http_nobody_there_hanging_up_and_waiting_too_long_may_pass(served):
    served.answers["POST"] = None
    refused("GM-R310", by_http(served.url).load, ORDER)
    served.gate = Event()
    slow = told(http={"load": f"{served.url}/load"}, timeout=0.2)
    assert "did not answer within 0.2 s" in refused("GM-R310", slow.load, ORDER).message
    refused("GM-R310", by_http("http://127.0.0.1:1").load, ORDER)


def test_http_what_is_served_is_read_from_the_answer_and_must_be_what_was_told(served):
    http = by_http(served.url, observe={"url": f"{served.url}/{{model}}", "field": "/parameters/sha256"})
    assert (http.answers, http.digest(AT)) == (True, None)
    assert "serves nothing after" in refused("GM-R312", http.load, ORDER).message
    served.answers["GET"] = (200, json.dumps({"parameters": {"sha256": "b" * 64}}).encode())
    assert http.digest(AT) == "b" * 64
    assert refused("GM-R312", http.load, ORDER).exit_status is Exit.INTEGRITY
    served.answers["GET"] = (200, json.dumps({"parameters": {"sha256": "a" * 64}}).encode())
    http.load(ORDER)
    for nothing in (b"{}", b'{"parameters": null}', b'{"parameters": {"sha256": ""}}', b"[1]"):
        served.answers["GET"] = (200, nothing)
        assert http.digest(AT) is None


def test_http_a_field_is_a_json_pointer(served):
    http = by_http(served.url, observe={"url": served.url, "field": "/models/1/a~1b~0c"})
    served.answers["GET"] = (200, json.dumps({"models": [{}, {"a/b~c": "b" * 64}]}).encode())
    assert http.digest(AT) == "b" * 64
    served.answers["GET"] = (200, json.dumps({"models": [{}]}).encode())
    assert http.digest(AT) is None
    served.answers["GET"] = (200, json.dumps({"models": {"²": 1}}).encode())
    assert http.digest(AT) is None


@pytest.mark.parametrize(
    "body", [b"{", b"[" * 100_000, b'{"parameters": {"sha256": "A"}}', b'{"parameters": {"sha256": 1}}', b"\xff"]
)
def test_http_an_answer_without_a_digest_is_no_answer(served, body):
    served.answers["GET"] = (200, body)
    http = by_http(served.url, observe={"url": served.url})
    assert refused("GM-R313", http.digest, AT).exit_status is Exit.EXTERNAL


def test_http_an_answer_that_is_too_long_or_a_fault_is_an_engine_out_of_reach(served):
    http = by_http(served.url, observe={"url": served.url})
    served.answers["GET"] = (200, b" " * (1 << 20) + b"{}")
    assert "longer than" in refused("GM-R310", http.digest, AT).message
    served.answers["GET"] = (500, b"oh")
    refused("GM-R310", http.digest, AT)


@pytest.mark.parametrize("content", [None, b"", b"two words", "schlüssel".encode(), b"x" * 5000])
def test_http_without_a_token_nothing_is_sent(served, tmp_path, content):
    if content is not None:
        (tmp_path / "token").write_bytes(content)
    http = by_http(served.url, token_file=str(tmp_path / "token"))
    assert refused("GM-R317", http.load, ORDER).exit_status is Exit.EXTERNAL
    assert served.asked == []


def test_http_over_tls_the_engine_has_to_be_who_it_is(tmp_path):
    certificate, key = self_signed(tmp_path)
    with receiver((certificate, key)) as secure:
        told(http={"load": secure.url, "ca_file": str(certificate)}).load(ORDER)
        assert secure.deliveries[0].event["parameters"]["model"] == "fraud"
        assert "cannot be reached" in refused("GM-R310", told(http={"load": secure.url}).load, ORDER).message
        missing = told(http={"load": secure.url, "ca_file": str(tmp_path / "none")})
        refused("GM-R310", missing.load, ORDER)
        assert len(secure.deliveries) == 1


LISTENER = """
import os, signal, sys
seen = []
signal.signal(signal.SIGHUP, lambda *_: print("told", flush=True))
print(os.getpid(), flush=True)
sys.stdin.read()
"""


def test_a_signal_reaches_the_process_of_the_file(tmp_path):
    command = [sys.executable, "-S", "-c", LISTENER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        (tmp_path / "pid").write_text(process.stdout.readline())
        told(signal={"pid_file": str(tmp_path / "pid")}).load(ORDER)
        assert process.stdout.readline() == "told\n"
        told(signal={"pid_file": str(tmp_path / "pid")}).unload(AT)
        assert process.stdout.readline() == "told\n"
        process.stdin.close()
    assert refused("GM-R316", told(signal={"pid_file": str(tmp_path / "pid")}).load, ORDER).exit_status is Exit.EXTERNAL


@pytest.mark.parametrize("content", [None, "", "1", "-1", "0", "12 34", "x", "99999999999"])
def test_a_file_without_a_process_is_refused_and_nobody_is_signalled(tmp_path, content):
    if content is not None:
        (tmp_path / "pid").write_text(content)
    engine = told(signal={"pid_file": str(tmp_path / "pid"), "name": "USR1"})
    assert (engine.answers, engine.digest(AT)) == (False, None)
    refused("GM-R316", engine.load, ORDER)


def script(tmp_path, text):
    path = tmp_path / "engine"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_program_gets_its_words_and_no_shell_and_none_of_our_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("GM_TOKEN", "secret")
    monkeypatch.setenv("GIT_DIR", "/evil")
    program = script(tmp_path, f'printf "%s|" "$@" > {tmp_path}/said; env >> {tmp_path}/said; pwd >> {tmp_path}/said')
    command = told(command={"load": [program, "$(id)", "{model}#{stage}", "{version}", "{path}", "{sha256}"]})
    command.load(ORDER)
    said = (tmp_path / "said").read_text()
    assert said.startswith(f"$(id)|fraud#production|1.0.0|/srv/a b|{'a' * 64}|")
    assert ("secret" in said, "/evil" in said, said.splitlines()[-1]) == (False, False, "/")
    command.unload(AT)  # nothing was named for it
    assert (command.answers, command.digest(AT)) == (False, None)


@pytest.mark.parametrize(
    ("text", "code"), [("exit 1", "GM-R314"), ("exit 75", "GM-R315"), ("kill -9 $$", "GM-R314"), ("sleep 9", "GM-R315")]
)
def test_a_program_that_fails_refuses_and_one_that_may_do_better_does_not(tmp_path, text, code):
    program = script(tmp_path, f"echo no such parser >&2; {text}")
    command = told(command={"load": [program]}, timeout=0.3 if "sleep" in text else 5)
    error = refused(code, command.load, ORDER)
    assert error.exit_status is (Exit.INTEGRITY if code == "GM-R314" else Exit.EXTERNAL)
    assert ("no such parser" in error.message) != ("sleep" in text)


def test_a_program_that_is_not_there_may_come(tmp_path):
    assert "cannot be started" in refused("GM-R315", told(command={"load": [str(tmp_path)]}).load, ORDER).message


def test_a_program_says_what_is_served(tmp_path):
    program = script(tmp_path, f"cat {tmp_path}/says")
    command = told(command={"load": ["true"], "observe": [program, "{model}"], "unload": ["false", "{stage}"]})
    assert refused("GM-R310", command.digest, AT).exit_status is Exit.EXTERNAL
    for text, digest in (("", None), (f"{'b' * 64}\n", "b" * 64)):
        (tmp_path / "says").write_text(text)
        assert command.digest(AT) == digest
        refused("GM-R312", command.load, ORDER)
    for text in ("B" * 64, "b" * 63, f"{'b' * 64}\n{'b' * 64}", "\x1b[2J"):
        (tmp_path / "says").write_text(text)
        assert "\x1b" not in refused("GM-R313", command.digest, AT).message
    refused("GM-R314", command.unload, AT)


class Recorded:
    """An engine in memory that says what it serves, or does not; ``away`` is raised when it is asked."""

    away = None

    def __init__(self, *, answers=False):
        self.answers = answers
        self.serving = None
        self.calls = []
        self.fails = None

    def load(self, order):
        self.calls.append(("load", order.version, order.entry))
        if self.fails:
            raise self.fails
        self.serving = order.digest

    def unload(self, at):
        self.calls.append(("unload", *at))
        if self.fails:
            raise self.fails
        self.serving = None

    def digest(self, _at):
        if self.away:
            raise self.away
        return self.serving


@pytest.fixture(params=[False, True], ids=["told only", "asked too"])
def site(request, tmp_path):
    recorded = Recorded(answers=request.param)
    return DirectoryTarget(tmp_path / "srv", engine=recorded), recorded


def test_an_engine_is_told_once_and_what_it_was_told_is_kept(site):
    target, recorded = site
    settle(target, desired(ONE))
    assert recorded.calls == [("load", "1.0.0", ONE.digest)]
    assert settle(target, desired(ONE)) == ()
    assert (target.root / "fraud/production/told").read_text() == f"{ONE.digest}\n{ONE.digest}\n"
    settle(target, desired(None, at=AT))
    assert recorded.calls[1:] == [("unload", "fraud", "production")]
    assert (settle(target, desired(None, at=AT)), target.observe(AT).engine.told) == ((), None)


def test_a_switch_that_was_killed_before_the_engine_was_told_is_told_again(site):
    target, recorded = site
    settle(target, desired(ONE))
    recorded.fails = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        settle(target, desired(TWO))
    seen = target.observe(AT)
    assert (seen.link, seen.engine.told, seen.serves(TWO.digest), seen.empty) == (TWO.digest, UNSETTLED, False, False)
    recorded.fails = None
    assert [type(action) for action in settle(target, desired(TWO))] == [Switch]
    assert recorded.calls[-1] == ("load", "1.1.0", TWO.digest)
    assert settle(target, desired(TWO)) == ()


def test_a_stop_that_was_killed_before_the_engine_was_told_is_told_again(site):
    target, recorded = site
    settle(target, desired(ONE))
    recorded.fails = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        settle(target, desired(None, at=AT))
    assert not target.observe(AT).empty
    recorded.fails = None
    assert Retire in [type(action) for action in settle(target, desired(None, at=AT))]
    assert (recorded.serving, target.observe(AT).empty) == (None, True)


def test_a_new_generation_of_the_same_bytes_is_told(site):
    target, recorded = site
    settle(target, desired(ONE))
    file = target.place_of(AT) / "model.onnx"
    file.chmod(0o644)
    file.write_bytes(b"poison")
    settle(target, desired(ONE))
    assert recorded.calls[-1] == ("load", "1.0.0", f"{ONE.digest}.1")
    assert settle(target, desired(ONE)) == ()


@pytest.mark.parametrize("harm", ["gone", "nonsense", "a link", "a directory", "another"])
def test_what_was_told_is_never_believed_where_it_cannot_be_read(site, harm):
    target, recorded = site
    settle(target, desired(ONE))
    note = target.root / "fraud/production/told"
    note.unlink()
    if harm == "a link":
        note.symlink_to("/etc/hostname")
    elif harm == "a directory":
        note.mkdir()
    elif harm != "gone":
        note.write_bytes(b"\xff" * 500 if harm == "nonsense" else TWO.digest.encode())
    settle(target, desired(ONE))
    assert recorded.calls[-1] == ("load", "1.0.0", ONE.digest)
    assert settle(target, desired(ONE)) == ()


def test_without_an_engine_any_more_nothing_stays_that_speaks_of_one(site):
    target, _ = site
    settle(target, desired(ONE))
    alone = DirectoryTarget(target.root)
    settle(alone, desired(TWO))
    assert not (target.root / "fraud/production/told").exists()
    assert alone.observe(AT).engine is None


def test_an_engine_that_answers_by_itself_is_drift_where_nothing_is_wanted(tmp_path):
    recorded = Recorded(answers=True)
    target = DirectoryTarget(tmp_path / "srv", engine=recorded)
    settle(target, desired(ONE))
    settle(target, desired(None, at=AT))
    recorded.serving = TWO.digest
    assert [type(action) for action in settle(target, desired(None, at=AT))] == [Retire]
    assert recorded.serving is None


def test_a_lost_note_is_written_without_telling_the_engine(site):
    target, recorded = site
    settle(target, desired(ONE))
    (target.root / "fraud/production/deployed.json").unlink()
    assert [type(action) for action in settle(target, desired(ONE))] == [Note]
    assert len(recorded.calls) == 1


def test_each_kind_of_target_has_its_settings_and_can_be_opened(tmp_path):
    programs = {"apply": ["true"], "observe": ["true"], "retire": ["true"]}
    for name, more in (("directory", {}), ("command", programs)):
        place = KINDS[name].settings.model_validate({"id": "x", "path": str(tmp_path / name), "kind": name, **more})
        assert (open_target(place).id, place.kind) == ("x", name)
    assert {kind.settings for kind in KINDS.values()} == {DirectoryPlace, CommandPlace}


def test_an_engine_that_goes_away_in_the_middle_leaves_the_old_files_and_is_told_when_it_is_back(tmp_path):
    recorded = Recorded(answers=True)
    target = DirectoryTarget(tmp_path / "srv", id="local", engine=recorded)
    ledger = Ledger()

    def follow(version):
        made = reconciler(tmp_path / "srv", chosen(version), state=tmp_path / "state", recorder=ledger)
        return replace(made, targets=[target]).run()

    assert follow("1.0.0").ok
    gone = GmError("GM-R310", "nobody there")

    def die(order):
        recorded.calls.append(("load", order.version, order.entry))
        recorded.away = gone
        raise gone

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorded, "load", die)
        report = follow("1.1.0")
    assert (report.first_error.code, report.retryable) == ("GM-R310", True)
    assert target.place_of(AT).name == ONE.digest
    assert (ledger.records[-1].result.value, ledger.records[-1].observed) == ("failed", None)
    assert [version for _, version, _ in recorded.calls] == ["1.0.0", "1.1.0", "1.0.0"]
    recorded.away, recorded.serving = None, None  # it comes back empty
    assert follow("1.1.0").ok
    assert (recorded.serving, target.observe(AT).serves(TWO.digest)) == (TWO.digest, True)


@pytest.mark.parametrize("code", ["GM-R311", "GM-R312", "GM-R314"])
def test_a_refusal_of_what_was_served_before_may_pass_and_of_another_is_final(site, code):
    target, recorded = site
    settle(target, desired(ONE))
    settle(target, desired(TWO))
    recorded.fails = GmError(code, "out of memory")
    three = deployment("1.2.0")
    assert refused(code, settle, target, desired(three)).exit_status is Exit.INTEGRITY
    settled = refused("GM-R318", settle, target, desired(ONE))
    assert (settled.exit_status, settled.message) == (Exit.EXTERNAL, "it served this before: out of memory")
    recorded.fails = None
    settle(target, desired(None, at=AT))
    recorded.fails = GmError(code, "out of memory")
    refused("GM-R318", settle, target, desired(TWO))


def test_a_refusal_is_a_switch_that_failed_and_no_fault_of_the_bytes(tmp_path):
    recorded = Recorded()
    recorded.fails = GmError("GM-R311", "cannot parse")
    made = reconciler(tmp_path / "srv", chosen("1.0.0"), state=tmp_path / "state")
    target = DirectoryTarget(tmp_path / "srv", id="local", engine=recorded)
    (result,) = replace(made, targets=[target]).run().results
    assert result.state is State.SWITCH_FAILED
    fetched = next(one for one in result.conditions if one.type == "ArtifactFetched")
    assert (fetched.status, target.observe(AT).link) == (True, None)


@pytest.mark.parametrize("code", sorted(AWAY))
def test_an_engine_that_is_away_is_no_matter_of_fetching(tmp_path, code):
    recorded = Recorded(answers=True)
    recorded.away = GmError(code, "nobody there")
    made = reconciler(tmp_path / "srv", chosen("1.0.0"), state=tmp_path / "state")
    report = replace(made, targets=[DirectoryTarget(tmp_path / "srv", id="local", engine=recorded)]).run()
    assert [result.state for result in report.results] == [State.SWITCH_FAILED]
    assert (report.retryable, recorded.calls) == (True, [])
