import base64
import json
from dataclasses import replace
from math import inf, nan

import pytest

from gitops_models.delivery.checks.base import CheckResult
from gitops_models.delivery.journal import Journal
from gitops_models.delivery.recorder import body_of
from gitops_models.delivery.records import Circumstances, Outcome, Times, intend, parse_record, to_mapping
from gitops_models.delivery.summaries import MOST_BYTES, MOST_CHECKS, plain_check, summaries
from gitops_models.delivery.values import ModelStage
from gitops_models.registry.canonical import jcs
from gitops_models.trust.records import make_deployment, verify_record
from tests.support.delivery import NOW, deployment
from tests.support.keys import ed25519_key

AT = ModelStage("fraud", "production")
INTENT = intend("eu", AT, deployment("1.0.0"), replaced=None, why=Circumstances("c" * 40, "d" * 64, NOW), reason="")
GOLDEN = CheckResult("golden", "golden", passed=True, values={"worst": 0.25, "rows": 64.0, "file": "g.json"}, seconds=1)
LATENCY = CheckResult("p95", "latency", passed=False, values={"p95_ms": 80.5}, message="80.5 ms, at most 50")
TIMES = Times(deployed="2026-11-20T10:00:00Z", merged="2026-11-21T10:00:00Z")


def predicate(record):
    envelope = json.loads(make_deployment(body_of(record), ed25519_key("reconciler")).envelope)
    return json.loads(base64.b64decode(envelope["payload"]))["predicate"]


def test_checks_and_times_of_a_deployment_are_signed_and_read_back():
    ended = INTENT.ended(Outcome.FAILED, observed=None, at=NOW, checks=(GOLDEN, LATENCY), times=TIMES)
    made = make_deployment(body_of(ended), ed25519_key("reconciler"))
    body = verify_record(made.envelope).body
    assert [(one.id, one.passed) for one in body.checks] == [("golden", True), ("p95", False)]
    assert dict(body.checks[0].values) == {"worst": 0.25, "rows": 64, "file": "g.json"}
    assert (body.deployed, body.merged, body.detected) == (TIMES.deployed, TIMES.merged, None)
    assert {"checks", "deployed", "merged"} <= set(predicate(ended))
    assert "detected" not in predicate(ended)


def test_a_record_without_checks_and_times_is_the_one_it_always_was():
    assert set(predicate(INTENT.ended(Outcome.SUCCEEDED, observed="0" * 64, at=NOW))) == {
        *("main", "target", "model", "stage", "version", "lineage_sha256", "artifacts", "change_id", "observed"),
        *("started", "finished", "result", "reason", "override"),
    }


def test_the_journal_keeps_checks_and_times_and_reads_what_earlier_versions_wrote(tmp_path):
    journal, full = Journal(tmp_path), replace(INTENT, checks=(GOLDEN,), times=TIMES)
    journal.begin(full)
    assert journal.pending("eu", AT) == full
    older = {name: value for name, value in to_mapping(INTENT).items() if name not in {"checks", "times"}}
    (tmp_path / "eu" / f"{AT}.json").write_bytes(jcs(older))
    assert journal.pending("eu", AT) == INTENT
    assert parse_record(older).name == INTENT.name == full.name


def test_times_are_laid_over_those_known_before():
    later = Times(restored="2026-11-21T11:00:00Z", merged="2026-11-21T10:30:00Z")
    assert later.over(TIMES) == replace(TIMES, restored=later.restored, merged=later.merged)


LONG = "x" * 600


@pytest.mark.parametrize(
    ("value", "kept"), [(nan, "nan"), (inf, "inf"), (-inf, "-inf"), (2, 2.0), (LONG, LONG[:511] + "…")]
)
def test_a_value_that_json_cannot_hold_is_kept_as_a_word(value, kept):
    assert plain_check(replace(GOLDEN, values={"v": value}))["values"] == {"v": kept}


def test_odd_texts_and_times_come_out_sound():
    plain = plain_check(CheckResult("a\udcff", "b" * 999, passed=None, message="\ud800", seconds=nan))
    assert (plain["id"], len(plain["use"]), plain["message"], plain["seconds"]) == ("a\\udcff", 128, "\\ud800", 0.0)
    jcs(plain)


def test_of_too_many_checks_those_that_stopped_stay():
    many = [replace(GOLDEN, id=f"c{n}", message="m" * 500) for n in range(200)]
    many[150] = replace(LATENCY, id="bad", message="m" * 500)
    kept = summaries(many)
    assert "bad" in [one["id"] for one in kept]
    assert len(jcs(kept)) < MOST_BYTES + 200
    assert [one["id"] for one in kept][:2] == ["c0", "c1"]
    assert len(summaries([CheckResult(str(n), "c", passed=True) for n in range(200)])) == MOST_CHECKS
    body_of(INTENT.ended(Outcome.FAILED, observed=None, at=NOW, checks=tuple(many)))
