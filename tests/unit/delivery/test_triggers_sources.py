"""Each kind of source: what it is asked, what its answers come to, and what is no answer."""

import json
import os
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from gitops_models.delivery.config import ReconcilerFile
from gitops_models.delivery.triggers.looking import Asked, look
from gitops_models.delivery.triggers.settings import MonitorPart, absolute_sources
from gitops_models.delivery.triggers.sources.alerts import Alerts, labels_of
from gitops_models.delivery.triggers.sources.assemble import open_sources
from gitops_models.delivery.triggers.sources.base import Subject
from gitops_models.delivery.triggers.values import Answer, Kind, Sample
from gitops_models.errors import GmError
from gitops_models.registry.documents import validate
from gitops_models.registry.documents.lineage import Lineage
from gitops_models.registry.documents.triggers import Trigger
from tests.support.serving import Quiet, serving

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
SUBJECT = Subject("fraud", "production", "1.2.0", "d" * 64, NOW, lambda: ("eu: changed-bytes: model.onnx",))


def source(tmp_path, alerts=None, **fields):
    place = {"id": "s", **fields}
    base = {"urls": ["u"], "artifacts": {"url": "dvc"}, "targets": [{"id": "t", "path": "srv"}], "state": "state"}
    file = validate(
        ReconcilerFile, {"apiVersion": "gitops-models/v1", "kind": "Reconciler", **base, "sources": [place]}, "f"
    )
    return open_sources(absolute_sources(file.sources, tmp_path), alerts or Alerts(tmp_path / "alerts.json"))["s"]


def refused(place, query=None, subject=SUBJECT):
    with pytest.raises(GmError) as caught:
        place.read(query, subject)
    return caught.value.code, caught.value.message


@contextmanager
def server(answer):
    """A server that gives ``answer(path, body, headers) -> (status, bytes)`` and keeps what it was asked."""
    asked = []

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append((self.command, self.path, body, dict(self.headers)))
            status, data = answer(self.path, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815

    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}", asked


# Files


def test_a_file_is_read_at_a_json_pointer_and_is_as_old_as_its_last_change(tmp_path):
    file = tmp_path / "drift/fraud.json"
    file.parent.mkdir()
    file.write_text('{"checks": {"1.2.0": {"psi": 0.10}}}')
    os.utime(file, (1_000, 1_000))
    place = source(tmp_path, kind="file", path="drift/{model}.json")
    at = datetime.fromtimestamp(1_000, UTC)
    assert place.read("/checks/{{version}}/psi", SUBJECT) == Answer((Sample(Decimal("0.10"), at),))
    assert place.read("/checks/other", SUBJECT) == Answer()
    file.unlink()
    assert place.read("/checks", SUBJECT) == Answer()


@pytest.mark.parametrize(
    ("text", "query", "answer"),
    [
        ("0.5", None, Answer((Sample(Decimal("0.5")),))),
        ("null", None, Answer()),
        ("true", "", Answer((Sample(value=True),))),
        ("[]", None, Answer(listed=True)),
        ("[1, 2]", None, Answer((Sample(Decimal(1)), Sample(Decimal(2))), listed=True)),
        ("[1, 2]", "/1", Answer((Sample(Decimal(2)),))),
        ("[1, 2]", "/2", Answer()),
        ('[{"a": 1}, {"b": 2}, {"a": 3}]', "/*/a", Answer((Sample(Decimal(1)), Sample(Decimal(3))), listed=True)),
        ('{"a/b": {"~": 7}}', "/a~1b/~0", Answer((Sample(Decimal(7)),))),
        ('{"value": 0.9, "samples": 412}', None, Answer((Sample(Decimal("0.9")),), count=412)),
        ('{"value": null, "samples": 0}', None, Answer(count=0)),
        ('{"value": [0.9]}', None, Answer((Sample(Decimal("0.9")),), listed=True)),
        ("[NaN]", "/0", None),
        ('[{"severity": "high"}]', None, Answer((Sample({"severity": "high"}),), listed=True)),
    ],
)
def test_what_a_report_says(tmp_path, text, query, answer):
    (tmp_path / "report.json").write_text(text)
    found = source(tmp_path, kind="file", path="report.json").read(query, SUBJECT)
    if answer is None:
        assert found.samples[0].value.is_nan()
        return
    assert ([one.value for one in found.samples], found.listed, found.count) == (
        [one.value for one in answer.samples], answer.listed, answer.count
    )  # fmt: skip


def test_a_report_may_say_of_when_it_is(tmp_path):
    (tmp_path / "report.json").write_text('{"value": 1, "time": "2026-11-21T09:00:00Z"}')
    (sample,) = source(tmp_path, kind="file", path="report.json").read(None, SUBJECT).samples
    assert sample.at == NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "query", "code"),
    [
        ("{", None, "GM-R603"),
        ("[" * 100_000, None, "GM-R603"),
        ("1e9999", None, "GM-R603"),
        ('{"value": 1, "samples": -1}', None, "GM-R603"),
        ('{"value": 1, "samples": "many"}', None, "GM-R603"),
        ('{"value": 1, "time": "today"}', None, "GM-R603"),
        ("[null]", None, "GM-R603"),
        ("[[1]]", None, "GM-R603"),
        (json.dumps([1] * 10_001), None, "GM-R603"),
        (" " * (1 << 20) + "1", None, "GM-R603"),
        ("1", "a", "GM-R606"),
        ("1", "/a" * 33, "GM-R606"),
    ],
)
def test_a_report_that_is_none_is_an_error(tmp_path, text, query, code):
    (tmp_path / "report.json").write_text(text)
    assert refused(source(tmp_path, kind="file", path="report.json"), query)[0] == code


def test_a_link_a_pipe_and_a_directory_are_not_read(tmp_path):
    place = source(tmp_path, kind="file", path="report.json")
    (tmp_path / "real.json").write_text("1")
    (tmp_path / "report.json").symlink_to("real.json")
    assert refused(place)[0] == "GM-R602"
    (tmp_path / "report.json").unlink()
    os.mkfifo(tmp_path / "report.json")
    assert refused(place)[0] == "GM-R603"


# Commands


def test_a_command_prints_json_and_gets_its_words_and_the_query_as_arguments(tmp_path):
    program = tmp_path / "says"
    program.write_text('#!/bin/sh\nprintf \'{"value": "%s"}\' "$*"\n')
    program.chmod(0o755)
    place = source(tmp_path, kind="command", command=["./says", "{model}@{version}", "{query}"])
    assert place.read("a; b {{model}}", SUBJECT).samples == (Sample("fraud@1.2.0 a; b fraud"),)
    assert refused(place, "--config=x") == ("GM-R606", "a query for a command must not begin with a dash")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["/bin/sh", "-c", "exit 75"], None),
        (["/bin/sh", "-c", "echo no >&2; exit 3"], "GM-R603"),
        (["/bin/sh", "-c", "sleep 60"], "GM-R602"),
        (["/does/not/exist"], "GM-R602"),
        (["/bin/true"], "GM-R603"),
    ],
)
def test_how_a_command_ends(tmp_path, command, code):
    place = source(tmp_path, kind="command", command=command, timeout=0.3)
    if code is None:
        assert place.read(None, SUBJECT) == Answer()
        return
    assert refused(place)[0] == code


def test_integrity_counts_what_is_damaged(tmp_path):
    assert source(tmp_path, kind="integrity").read(None, SUBJECT) == Answer((Sample(Decimal(1), NOW),))


# HTTP


def test_an_address_is_asked_with_its_words_as_segments_and_a_token(tmp_path):
    (tmp_path / "token").write_text("secret-token\n")
    with server(lambda *_: (200, b'{"psi": 0.2}')) as (url, asked):
        place = source(tmp_path, kind="http", url=url + "/drift/{model}/{version}?s={stage}", token_file="token")
        assert place.read("/psi", SUBJECT) == Answer((Sample(Decimal("0.2")),))
    ((method, path, _, headers),) = asked
    assert (method, path, headers["authorization"]) == ("GET", "/drift/fraud/1.2.0?s=production", "Bearer secret-token")


@pytest.mark.parametrize(
    ("status", "code"), [(500, "GM-R602"), (429, "GM-R602"), (404, "GM-R603"), (302, "GM-R603"), (403, "GM-R603")]
)
def test_a_server_that_does_not_answer_with_a_report_is_an_error(tmp_path, status, code):
    with server(lambda *_: (status, b"no\x1b")) as (url, _):
        assert refused(source(tmp_path, kind="http", url=url)) == (code, f"s answers {status} no\\x1b")


def test_a_server_that_is_away_or_slow_is_an_error(tmp_path):
    with server(lambda *_: (200, b"1")) as (url, _):
        pass
    assert refused(source(tmp_path, kind="http", url=url))[0] == "GM-R602"
    gate = threading.Event()
    with server(lambda *_: (gate.wait(30), (200, b"1"))[1]) as (url, _):
        assert refused(source(tmp_path, kind="http", url=url, timeout=0.2))[1] == "s did not answer within 0.2 s"
        gate.set()


def test_a_token_that_cannot_be_read_is_an_error_before_anything_is_asked(tmp_path):
    with server(lambda *_: (200, b"1")) as (url, asked):
        place = source(tmp_path, kind="http", url=url, token_file="token")
        assert refused(place)[0] == "GM-R604"
        (tmp_path / "token").write_text("two words")
        assert refused(place)[0] == "GM-R604"
        assert asked == []


# Prometheus


def prometheus(data, status=200):
    said = {"status": "success", "data": data} if "status" not in data else data
    return server(lambda *_: (status, json.dumps(said).encode()))


PAIR = [1763719200.5, "0.89"]


@pytest.mark.parametrize(
    ("data", "values"),
    [
        ({"resultType": "vector", "result": []}, []),
        ({"resultType": "vector", "result": [{"metric": {}, "value": PAIR}]}, ["0.89"]),
        ({"resultType": "vector", "result": [{"metric": {}, "value": [1, "NaN"]}]}, ["NaN"]),
        ({"resultType": "vector", "result": [{"metric": {}, "value": [1, "+Inf"]}]}, ["Infinity"]),
        (
            {"resultType": "matrix", "result": [{"metric": {}, "values": [PAIR, PAIR]}, {"values": [PAIR]}]},
            ["0.89"] * 3,
        ),
        ({"resultType": "scalar", "result": PAIR}, ["0.89"]),
    ],
)
def test_what_prometheus_answers(tmp_path, data, values):
    with prometheus(data) as (url, asked):
        found = source(tmp_path, kind="prometheus", url=url).read('a{m="{{model}}",v="{{version}}"}', SUBJECT)
    assert [str(sample.value) for sample in found.samples] == values
    ((method, path, body, _),) = asked
    assert (method, path) == ("POST", "/api/v1/query")
    assert parse_qs(body.decode())["query"] == ['a{m="fraud",v="1.2.0"}']


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        ({"status": "error", "errorType": "bad_data", "error": "parse error"}, 400, "GM-R606"),
        ({"status": "error", "errorType": "execution", "error": "too many"}, 422, "GM-R603"),
        ({"status": "other"}, 200, "GM-R603"),
        ({"status": "other"}, 503, "GM-R602"),
        ({"resultType": "string", "result": [1, "a"]}, 200, "GM-R603"),
        ({"resultType": "vector", "result": {}}, 200, "GM-R603"),
        ({"resultType": "vector", "result": [{"metric": {}, "histogram": []}]}, 200, "GM-R603"),
        ({"resultType": "vector", "result": [{"value": [1, "much"]}]}, 200, "GM-R603"),
        ({"resultType": "vector", "result": [{"value": [1, 2, 3]}]}, 200, "GM-R603"),
        ({"resultType": "vector", "result": [{"value": ["1", "2"]}]}, 200, "GM-R603"),
        ({"resultType": "vector", "result": [{"value": [1e300, "2"]}]}, 200, "GM-R603"),
        ({"resultType": "vector", "result": [{"value": PAIR}] * 10_001}, 200, "GM-R603"),
        ({"status": "success", "data": []}, 200, "GM-R603"),
    ],
)
def test_what_is_no_answer_of_prometheus(tmp_path, data, status, code):
    with prometheus(data, status) as (url, _):
        assert refused(source(tmp_path, kind="prometheus", url=url), "up")[0] == code


def test_prometheus_needs_a_query_and_an_answer_that_is_json(tmp_path):
    with server(lambda *_: (200, b"")) as (url, asked):
        place = source(tmp_path, kind="prometheus", url=url)
        assert refused(place)[0] == "GM-R606"
        assert asked == []
        assert refused(place, "up")[0] == "GM-R603"


def test_a_variable_is_escaped_for_the_string_it_stands_in(tmp_path):
    subject = Subject("fraud", "production", '1"} or up{x="', "d" * 64, NOW)
    with prometheus({"resultType": "vector", "result": []}) as (url, asked):
        source(tmp_path, kind="prometheus", url=url).read('a{v="{{version}}"}', subject)
    assert parse_qs(asked[0][2].decode())["query"] == [r'a{v="1\"} or up{x=\""}']


# Alertmanager


def heard(alerts, *given, at=NOW):
    rows = [{"status": status, "labels": labels} for status, labels in given]
    return alerts.hear(json.dumps({"version": "4", "alerts": rows}).encode(), at)


LOW = {"alertname": "LowAccuracy", "model": "fraud", "version": "1.2.0"}
QUERY = 'alertname="LowAccuracy", version="{{version}}"'


@pytest.mark.clause("A-triggers-7")
def test_an_alert_fires_until_it_is_resolved_and_none_is_no_data(tmp_path):
    alerts = Alerts(tmp_path / "alerts.json")
    place = source(tmp_path, alerts, kind="alertmanager")
    assert place.read(QUERY, SUBJECT) == Answer()
    assert heard(alerts, ("firing", LOW), ("firing", {**LOW, "version": "1.1.0"})) == 2
    assert place.read(QUERY, SUBJECT).samples == (Sample(value=True, at=NOW),)
    again = source(tmp_path, Alerts(tmp_path / "alerts.json"), kind="alertmanager")
    assert again.read(QUERY, SUBJECT).samples == (Sample(value=True, at=NOW),)
    heard(alerts, ("resolved", LOW))
    assert place.read(QUERY, SUBJECT).samples == (Sample(value=False, at=NOW),)
    assert place.read('version="9.9.9"', SUBJECT) == Answer()


def test_while_the_heartbeat_comes_silence_means_false(tmp_path):
    alerts = Alerts(tmp_path / "alerts.json")
    place = source(tmp_path, alerts, kind="alertmanager", heartbeat="Watchdog")
    heard(alerts, ("firing", {"alertname": "Watchdog"}), at=NOW - timedelta(minutes=10))
    assert place.read(QUERY, SUBJECT).samples == (Sample(value=False, at=NOW),)
    heard(alerts, ("firing", {"alertname": "Watchdog"}), at=NOW - timedelta(minutes=10, seconds=1))
    assert place.read(QUERY, SUBJECT) == Answer()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"alerts": {}}',
        b'{"alerts": [1]}',
        b'{"alerts": [{"status": "firing"}]}',
        b'{"alerts": [{"status": "maybe", "labels": {}}]}',
        b'{"alerts": [{"status": "firing", "labels": {"a": 1}}]}',
        json.dumps({"alerts": [{"status": "firing", "labels": {"a": "x" * 1025}}]}).encode(),
        json.dumps({"alerts": [{"status": "firing", "labels": {str(n): "" for n in range(65)}}]}).encode(),
        json.dumps({"alerts": [{"status": "firing", "labels": {}}] * 1001}).encode(),
    ],
)
def test_what_is_no_list_of_alerts_is_refused_and_nothing_of_it_kept(tmp_path, body):
    alerts = Alerts(tmp_path / "alerts.json")
    with pytest.raises(GmError) as caught:
        alerts.hear(body, NOW)
    assert caught.value.code == "GM-R603"
    assert not (tmp_path / "alerts.json").exists()


def test_of_too_many_alerts_those_that_fire_stay(tmp_path):
    alerts = Alerts(tmp_path / "alerts.json")
    heard(alerts, ("firing", LOW))
    for number in range(3):
        heard(alerts, *(("resolved", {"n": f"{number}.{n}"}) for n in range(600)), at=NOW + timedelta(seconds=number))
    assert alerts.fitting(LOW)
    assert alerts.fitting({"n": "2.1"})
    assert not alerts.fitting({"n": "0.1"})


def test_what_was_heard_and_makes_no_sense_is_forgotten_and_a_full_disk_stops_nobody(tmp_path):
    file = tmp_path / "alerts.json"
    for text in ("[", "[1]", '[{"labels": {}, "firing": true, "heard": "now"}]', '[{"labels": 1}]'):
        file.write_text(text)
        assert Alerts(file).fitting({}) == ()
    alerts = Alerts(tmp_path / "missing/alerts.json")
    assert heard(alerts, ("firing", LOW)) == 1
    assert alerts.fitting(LOW)


@pytest.mark.parametrize("query", ["", "a", "a=b", 'a="b" c="d"', 'a="b", a="c"', 'a="b"}', '=""'])
def test_a_query_for_alerts_is_a_list_of_labels(query):
    with pytest.raises(GmError) as caught:
        labels_of(query)
    assert caught.value.code == "GM-R606"


def test_labels_are_read_with_their_escapes():
    assert labels_of(r'a="1", b_2="x\"y\\\n"') == {"a": "1", "b_2": 'x"y\\\n'}


# Looking


def trigger(**fields):
    return Trigger.model_validate({"name": "t", "use": "s", "fail": {"below": 0.9}, **fields})


def lineage(**metrics):
    rows = [{"name": name, "value": value, "dataset": "d", "higher_is_better": True} for name, value in metrics.items()]
    fields = {"model": "fraud", "version": "1.2.0", "created": "2026-11-21T09:00:00Z", "author": "ann"}
    return validate(
        Lineage, {"apiVersion": "gitops-models/v1", "kind": "Lineage", **fields, "artifacts": [], "metrics": rows}, "l"
    )


class Says:
    """A source that says what it is told to, or raises it, and keeps what it was asked."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def read(self, query, subject):
        self.asked.append((query, subject.version))
        found = self.answers[f"{query}_{subject.version}".replace(".", "_").replace("/", "")]
        if isinstance(found, Exception):
            raise found
        return found


def value(text, **rest):
    return Answer((Sample(Decimal(text)),), **rest)


ASKED = Asked(SUBJECT, lineage(auc=0.95), Subject("fraud", "production", "1.1.0", "e" * 64, NOW))


def test_a_second_query_says_on_how_many_samples_the_value_stands():
    one = trigger(query="a", samples="n", min_samples=200)
    for count, kind in (("199", Kind.FEW), ("200", Kind.VALUE), ("NaN", Kind.FEW), ("-1", Kind.FEW)):
        assert look(one, ASKED, {"s": Says(a_1_2_0=value("0.8"), n_1_2_0=value(count))}).kind is kind
    assert look(one, ASKED, {"s": Says(a_1_2_0=value("0.8"), n_1_2_0=Answer())}).kind is Kind.FEW


def test_a_baseline_is_asked_of_the_version_before_taken_from_the_lineage_or_a_number():
    says = Says()
    one = trigger(query="a{{version}}", fail=None, baseline={"of": "previous-version", "max_drop": 0.05})
    says.answers = {"a{{version}}_1_2_0": value("0.8"), "a{{version}}_1_1_0": value("0.9")}
    assert look(one, ASKED, {"s": says}).baseline == Decimal("0.9")
    assert look(one, Asked(SUBJECT, lineage()), {"s": says}).kind is Kind.EMPTY
    says = Says(a_1_2_0=value("0.8"))
    of_lineage = trigger(query="a", fail=None, baseline={"of": "lineage:auc", "max_drop": 0.05})
    assert look(of_lineage, ASKED, {"s": says}).baseline == Decimal("0.95")
    assert look(of_lineage, Asked(SUBJECT, lineage()), {"s": says}).kind is Kind.EMPTY
    constant = trigger(query="a", fail=None, baseline={"of": 0.97, "max_drop": 0.05})
    assert look(constant, ASKED, {"s": says}).baseline == Decimal("0.97")


def test_whatever_goes_wrong_at_a_source_is_a_signal():
    one = trigger(query="a")
    assert look(one, ASKED, {}).why == "GM-R601: there is no source s"
    assert look(one, ASKED, {"s": Says(a_1_2_0=GmError("GM-R602", "away\x1b"))}).why == "GM-R602: away\\x1b"
    assert look(one, ASKED, {"s": Says(a_1_2_0=ZeroDivisionError())}).why == "ZeroDivisionError in source s"
    compared = trigger(query="a{{version}}", fail=None, baseline={"of": "previous-version", "max_drop": 0.05})
    says = Says()
    says.answers = {"a{{version}}_1_2_0": value("0.8"), "a{{version}}_1_1_0": GmError("GM-R603", "no")}
    found = look(compared, ASKED, {"s": says})
    assert (found.kind, found.why) == (Kind.ERROR, "baseline: GM-R603: no")


# Settings


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({"kind": "http", "url": "http://{model}.example/"}, "must name the host itself"),
        ({"kind": "http", "url": "http://h/{host}"}, "{host} means nothing here"),
        ({"kind": "http", "url": "ftp://h/"}, "must begin with http"),
        ({"kind": "http", "url": "http://user:word@h/"}, "must be a plain address"),
        ({"kind": "file", "path": "{secret}.json"}, "{secret} means nothing here"),
        ({"kind": "file", "path": "-x"}, "must not begin with a dash"),
        ({"kind": "command", "command": ["a", "--q={query}"]}, "{query} means nothing here"),
        ({"kind": "command", "command": []}, "at least 1 item"),
        ({"kind": "carrier-pigeon"}, "does not match any of the expected tags"),
    ],
)
def test_a_source_that_makes_no_sense_is_refused(tmp_path, place, message):
    with pytest.raises(GmError) as caught:
        source(tmp_path, **place)
    assert message in caught.value.message


def test_two_sources_of_one_name_are_refused_and_paths_are_beside_the_file(tmp_path):
    part = MonitorPart(key="k", receive={"token_file": "t", "port": 0}).beside(tmp_path)
    assert (part.key, part.receive.token_file) == (str(tmp_path / "k"), str(tmp_path / "t"))
    assert MonitorPart(key="k").beside(tmp_path).receive is None
    with pytest.raises(ValueError, match="must be an IP address"):
        MonitorPart(key="k", receive={"token_file": "t", "address": "localhost"})
    place = {"id": "s", "kind": "integrity"}
    base = {"urls": ["u"], "artifacts": {"url": "dvc"}, "targets": [{"id": "t", "path": "srv"}], "state": "state"}
    with pytest.raises(ValueError, match="two sources have the same id"):
        ReconcilerFile.model_validate({"kind": "Reconciler", **base, "sources": [place, place]})
