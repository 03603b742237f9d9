"""What sources of triggers answer, what an Alertmanager posts, and recordings: JSON of strangers."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from gitops_models.delivery.triggers import reduce, replay, values
from gitops_models.delivery.triggers.sources import alerts, fill, reports, web
from gitops_models.errors import GmError
from gitops_models.registry.documents.triggers import Trigger
from tests.fuzz.engine import Target

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
NOWHERE = Path("/does/not/exist/alerts.json")
SLOTS = {"model": "fraud", "version": "1.2.0", "digest": "d" * 64}
QUERIES = (None, "/value", "/*/severity", "/a~1b/0/{{version}}")
TRIGGERS = [
    Trigger.model_validate({"name": "t", "use": "s", "query": "q{{version}}", **rest})
    for rest in (
        {"baseline": {"of": "previous-version", "max_drop": 0.05}, "reduce": "avg"},
        {"fail": {"below": 0.9}, "reduce": "any"},
        {"fail": {"equals": True}},
        {"fail": {"count_where": {"severity": "high"}, "above": 0}},
    )
]
SERIES = {"resultType": "vector", "result": [{"metric": {}, "value": [1763719200.5, "0.89"]}]}
SEEDS = [
    json.dumps(value).encode()
    for value in (
        {"value": 0.9, "samples": 412, "time": "2026-11-21T10:00:00Z"},
        [{"severity": "high", "layer": "conv1"}, {"severity": "low"}],
        {"a/b": [{"1.2.0": 0.5}]},
        [0.1, True, "red", None],
        SERIES,
        {"resultType": "matrix", "result": [{"metric": {}, "values": [[1, "NaN"], [2, "+Inf"]]}]},
        {"version": "4", "alerts": [{"status": "firing", "labels": {"alertname": "Low", "model": "fraud"}}]},
        {"time": "2026-11-21T10:00:00Z", "trigger": "t", "value": 0.9, "baseline": 0.95, "samples": 400},
    )
] + [b'alertname="Low",version="1.2.0"', b'a="x\\"y\\\\"']
WORDS = [b"NaN", b"Infinity", b"1e999", b"-0", b"1E-400", b"null", b"[]", b"{}", b'"value"', b'"alerts"', b"/*/", b"~1"]


def read(data):
    """Whatever an answer is, it comes to one signal, and only a finite or compared number is a value."""
    hear(data)
    list(_recorded(data))
    value = reports.load(data)
    for query in QUERIES:
        _reduced(reports.answer_of(value, query, SLOTS, NOW))
    _reduced(web._vector(value))


def hear(data):
    """Alerts are taken as a whole or not at all; labels that are read say themselves again."""
    with suppress(GmError):
        assert alerts.Alerts(NOWHERE).hear(data, NOW) <= alerts.MOST_ALERTS
    with suppress(GmError):
        labels = alerts.labels_of(data.decode("utf-8", "replace"))
        written = ",".join(f'{name}="{fill.in_string(text)}"' for name, text in labels.items())
        assert alerts.labels_of(written) == labels


def _recorded(data):
    try:
        yield from replay.read_recording(data.splitlines())
    except GmError:
        return


def _reduced(answer):
    for trigger in TRIGGERS:
        found = reduce.signal_of(trigger, answer, NOW, answer)
        if found.kind is values.Kind.VALUE and isinstance(found.value, Decimal):
            assert not found.value.is_nan()
            assert trigger.baseline is None or found.value.is_finite()
            assert values.shown(found.value)


def target():
    return Target("signals", read, (reduce, replay, values, alerts, reports, web), SEEDS, WORDS, (GmError,), 2)
