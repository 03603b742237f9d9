"""Checks on a real server, real programs and real files, and what a reconcile makes of them."""

import json
import sys
import threading
from dataclasses import replace
from decimal import Decimal

import pytest
from pydantic import TypeAdapter

from gitops_models.delivery.checks.assemble import checks_for, metric_sources
from gitops_models.delivery.checks.base import Subject
from gitops_models.delivery.checks.runner import Runner, attempt
from gitops_models.delivery.checks.settings import CheckList
from gitops_models.delivery.config import read_config
from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.results import Done
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.delivery.triggers.values import Answer, Sample
from gitops_models.policy.document import load_policy
from tests.support.delivery import Accepted, Ledger, chosen, content_of, deployment, reconciler
from tests.support.inference import case, cases_file, inference
from tests.support.policy import document, policy_yaml
from tests.support.receiver import raw_server

WANTED = deployment("1.0.0")


def checks(*parts):
    return TypeAdapter(CheckList).validate_python(list(parts))


def check(use, **fields):
    return checks({"id": "one", "use": use, "pause": 0, "retries": 0, **fields})[0]


def accepted(version, **targets):
    made = chosen(version)
    if targets:
        made.put("policies/targets.yaml", f"kind: Targets\ntargets: [{json.dumps(targets)}]\n")
    return made


def history(made):
    found = made.history()
    found.policy = load_policy(policy_yaml("solo"), "policy")
    return found


def subject(folder=None, made=None):
    return Subject(WANTED, history(made or chosen("1.0.0")), folder=folder)


def go(tmp_path, made, *parts, recorder=None, waited=None):
    made = history(made) if isinstance(made, Accepted) else made
    run = reconciler(tmp_path / "srv", made, state=tmp_path / "state", recorder=recorder)
    wait = (waited if waited is not None else []).append
    return replace(run, checks=checks_for(checks(*parts), wait=wait)).run()


def weights(tmp_path):
    return (resolve(tmp_path / "srv" / "fraud" / "production") / "model.onnx").read_bytes()


def test_served_version_believes_what_the_server_says_of_the_digest_and_nothing_else():
    with inference(digest=WANTED.digest) as server:
        asked = check("served-version", url=server.address)
        assert attempt(asked, subject()).passed
        server.digest = deployment("1.1.0").digest
        found = attempt(asked, subject())
        assert (found.passed, found.values["served"]) == (False, server.digest[:12])
        server.digest, server.versions = None, [WANTED.digest[:16]]
        assert attempt(asked, subject()).passed
        server.versions = ["1"]
        found = attempt(asked, subject())
        assert (found.passed, found.message) == (None, "the server does not say which digest it serves")


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (503, b"loading\x1b", "status 503 loading\\x1b"),
        (200, b"[]", "the answer is no JSON object"),
        (200, b"{", "the answer is no JSON"),
        (200, b'{"outputs": 1}', "the answer has no outputs"),
        (302, b"", "status 302"),
    ],
)
def test_an_answer_that_the_protocol_does_not_know_is_no_pass(tmp_path, status, body, message):
    with inference(status=status, body=body) as server:
        golden = check("golden", url=server.address, cases=cases_file(tmp_path / "c.json", case(1.0)))
        found = attempt(golden, subject())
    assert (found.passed, found.message) == (None, message)


def test_golden_compares_every_case_with_what_is_served_and_keeps_the_figures(tmp_path):
    cases = cases_file(tmp_path / "1.0.0.json", case(1.0, 2.0), case(3.0))
    with inference(factor=2.0) as server:
        golden = check("golden", url=server.address, cases=str(tmp_path / "{version}.json"))
        found = attempt(golden, subject())
        assert found.passed
        assert found.values == {"cases": 2, "matched": 2, "accuracy": 1.0, "worst": 0.0}
        server.factor = 2.5
        found = attempt(golden, subject())
        assert (found.passed, found.values["worst"]) == (False, 1.5)
        assert found.message == "2 of 2 cases: output y[0] is 2.5 instead of 2"
        assert attempt(golden.model_copy(update={"relative": 0.3}), subject()).passed
        assert attempt(golden.model_copy(update={"cases": f"{cases}.gone"}), subject()).passed is None


def test_latency_asks_with_several_clients_at_once_and_measures_each_answer(tmp_path):
    cases = cases_file(tmp_path / "c.json", case(1.0), case(2.0))
    with inference() as server:
        speed = check("latency", url=server.address, cases=cases, p95_below_ms=5000, requests=40, concurrency=4)
        found = attempt(speed, subject())
        assert found.passed
        assert (found.values["requests"], found.values["clients_lost"]) == (40, 0)
        assert 0 < found.values["median_ms"] <= found.values["p95_ms"] <= found.values["max_ms"]
        assert len(server.asked) == 44  # the first on each line opens it
        found = attempt(speed.model_copy(update={"p95_below_ms": 0.0001}), subject())
        assert found.passed is False
        server.status = 500
        assert attempt(speed, subject()).passed is None


def test_a_server_that_trickles_or_never_answers_is_hung_up_on_in_time():
    def trickle(connection, over):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while not over.wait(0.01):
            connection.sendall(b" ")

    before = threading.active_count()
    with raw_server(trickle) as port:
        slow = check("served-version", url=f"http://127.0.0.1:{port}", timeout=0.3)
        assert attempt(slow, subject()).message == "no answer within 0.3 s"
    for thread in threading.enumerate():
        if thread.name == "gm-check":
            thread.join(10)
    assert threading.active_count() <= before


def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch):
    monkeypatch.setattr("gitops_models.delivery.checks.web.MOST_BYTES", 100)
    with inference(body=b" " * 200) as server:
        found = attempt(check("served-version", url=server.address), subject())
    assert (found.passed, found.message) == (None, "the answer is longer than 100 bytes")


def test_a_server_that_is_away_or_speaks_something_else_is_no_pass():
    with raw_server(lambda connection, _: connection.sendall(b"SSH-2.0-OpenSSH\r\n")) as port:
        other = check("served-version", url=f"http://127.0.0.1:{port}")
        assert attempt(other, subject()).message == "no HTTP answer (BadStatusLine)"
    assert attempt(other, subject()).passed is None


@pytest.mark.parametrize(
    ("program", "passed", "message"),
    [
        ("pass", True, ""),
        ("import sys; sys.exit('trigger found')", False, "trigger found"),
        ("import sys; sys.exit(3)", False, "it ended with status 3"),
        ("import sys; sys.exit(75)", None, "it ended with status 75"),
        ('print(\'{"score": 0.5, "list": [], "message": "odd"}\'); raise SystemExit(1)', False, "odd"),
        ("print([1]); raise SystemExit(2)", False, "[1]"),
    ],
)
def test_a_program_says_by_its_status_whether_a_version_passes(tmp_path, program, passed, message):
    run = check("command", command=[sys.executable, "-c", program, "{path}", "{sha256}"], timeout=30)
    found = attempt(run, subject(tmp_path))
    assert (found.passed, found.message) == (passed, message)
    assert ("score" in found.values) is (message == "odd")


def test_a_program_gets_the_folder_and_one_that_does_not_end_or_start_is_no_pass(tmp_path):
    said = "import sys, json; print(json.dumps({'path': sys.argv[1], 'model': sys.argv[2]}))"
    run = check("command", command=[sys.executable, "-c", said, "{path}", "{model}"], timeout=30)
    assert attempt(run, subject(tmp_path)).values == {"status": 0, "path": str(tmp_path), "model": "fraud"}
    assert attempt(run, subject()).message == "{path} is not known here"
    endless = check("command", command=["sleep", "60"], timeout=0.2)
    assert attempt(endless, subject()).passed is None
    assert attempt(check("command", command=["/nowhere/at/all"]), subject()).message == "No such file or directory"


def test_a_number_comes_from_a_program_or_an_address():
    printed = check("metric", command=[sys.executable, "-c", "print('0.91')"], above=0.9, timeout=30)
    assert attempt(printed, subject()).values == {"value": 0.91, "above": 0.9}
    broken = check("metric", command=[sys.executable, "-c", "raise SystemExit('gone')"], above=0.9, timeout=30)
    assert (attempt(broken, subject()).passed, attempt(broken, subject()).message) == (None, "gone")
    with inference(body=b'{"data": [{"a/b": 0.9, "text": "0.95", "no": true, "nan": NaN}]}') as server:
        for field, passed in {"a~1b": False, "text": True, "no": None, "nan": None, "gone": None}.items():
            asked = check("metric", url=f"{server.address}/v2/models/{{model}}", field=f"/data/0/{field}", above=0.9)
            assert attempt(asked, subject()).passed is passed, field
        server.status = 404
        assert attempt(asked, subject()).message == "status 404"
        server.status, server.body = 200, b"<html>"
        assert attempt(asked, subject()).message == "the answer is no JSON"


class Source:
    """A source of triggers that says what it is told to."""

    def __init__(self, *values, error=None):
        self.answer, self.asked = Answer(tuple(Sample(value) for value in values), error), []

    def read(self, query, subject):
        self.asked.append((query, subject.slots))
        return self.answer


@pytest.mark.parametrize(
    ("source", "passed"),
    [
        (Source(Decimal("0.91"), Decimal("0.95")), True),
        (Source(Decimal("0.91"), Decimal("0.9")), False),  # each of them counts
        (Source(Decimal("NaN")), None),
        (Source(Decimal("0.91"), Decimal("NaN")), None),
        (Source("high"), None),
        (Source(), None),
        (Source(error="bad_data"), None),
    ],
)
def test_a_number_comes_from_a_source_of_triggers_and_no_data_is_no_pass(source, passed):
    metric = check("metric", source="prometheus-main", query="accuracy", above=0.9)
    asked = replace(subject(), sources={"prometheus-main": source})
    assert attempt(metric, asked).passed is passed
    assert source.asked == [("accuracy", {"model": "fraud", "version": "1.0.0", "digest": WANTED.digest})]
    assert attempt(metric, subject()).message == "the reconciler's file names no source prometheus-main"


def test_the_sources_that_checks_name_are_opened_from_the_operators_file(tmp_path):
    value = [
        {"id": "main", "kind": "prometheus", "url": "http://127.0.0.1:9090"},
        {"id": "unused", "kind": "prometheus", "url": "http://127.0.0.1:9090"},
    ]
    metric = {"id": "auc", "use": "metric", "source": "main", "query": "accuracy", "above": 0.9}
    fields = {"urls": ["https://git.example/models.git"], "artifacts": {"url": "dvc"}, "state": "state"}
    fields["targets"] = [{"id": "eu", "path": "srv"}]
    path = tmp_path / "reconciler.yaml"
    path.write_bytes(document("Reconciler", **fields, sources=value, checks=[metric]))
    assert list(metric_sources(read_config(path))) == ["main"]
    path.write_bytes(document("Reconciler", **fields, sources=value))
    assert dict(metric_sources(read_config(path))) == {}


def test_a_fault_in_a_check_is_a_result_and_no_fault_of_the_reconcile(tmp_path):
    (tmp_path / "srv").mkdir()
    broken = Runner(checks({"id": "one", "use": "interface"}), DirectoryTarget(tmp_path / "srv"), history(Accepted()))
    (found,) = broken.before(WANTED, tmp_path, None)
    assert found.passed is None
    assert found.message.startswith("GM-")
    nothing = Subject(WANTED, None, folder=tmp_path)
    assert attempt(check("interface"), nothing).message.startswith("AttributeError: ")


def test_a_check_is_tried_again_until_it_passes_and_every_try_counts_in_time(tmp_path):
    with inference(digest=deployment("1.1.0").digest) as server:
        waited = []

        def loaded(seconds):
            waited.append(seconds)
            if len(waited) == 2:
                server.digest = WANTED.digest

        part = {"id": "seen", "use": "served-version", "url": server.address, "retries": 5, "pause": 0.5}
        runner = Runner(checks(part), DirectoryTarget(tmp_path / "srv"), history(chosen("1.0.0")), loaded)
        (found,) = runner.after(WANTED, None)
    assert found.passed
    assert waited == [0.5, 0.5]
    assert found.seconds > 0


def test_a_check_before_the_switch_that_fails_leaves_everything_as_it_is(tmp_path):
    go(tmp_path, chosen("1.0.0"))
    refuse = "import sys; sys.exit('1.1.0' in sys.argv[1])"
    part = {"id": "weights-scan", "use": "command", "when": "before", "retries": 0, "timeout": 30}
    command = [sys.executable, "-c", refuse, "{version}"]
    recorder = Ledger()
    (bad,) = go(tmp_path, chosen("1.1.0"), {**part, "command": command}, recorder=recorder).results
    assert (bad.error.code, bad.live, bad.done) == ("GM-R520", "1.0.0", Done.FAILED)
    assert recorder.records == []
    assert weights(tmp_path) == content_of("1.0.0")["model.onnx"]
    (late,) = go(tmp_path, chosen("1.1.0"), {**part, "command": ["/nowhere/at/all"]}).results
    assert (late.error.code, late.live) == ("GM-R522", "1.0.0")
    (optional,) = go(tmp_path, chosen("1.1.0"), {**part, "command": command, "required": False}).results
    assert (optional.error, optional.live) == (None, "1.1.0")
    assert [one.passed for one in optional.checks] == [True, True, False]
