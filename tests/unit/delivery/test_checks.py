"""What checks are held to: limits are strict and in decimals, the stricter of two holds, no data is no pass."""

import json
import math
import os
import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from gitops_models.delivery.checks import golden, latency, programs
from gitops_models.delivery.checks.casefiles import read_cases
from gitops_models.delivery.checks.comparing import Compared, Tensor, Tolerance, compare
from gitops_models.delivery.checks.demands import applies, demanded, held_to, unmet
from gitops_models.delivery.checks.fill import filled, filled_address, meaning
from gitops_models.delivery.checks.oip import NoAnswer, outputs, served_digests
from gitops_models.delivery.checks.settings import CheckList, absolute
from gitops_models.delivery.values import ModelStage
from gitops_models.registry.documents import CheckDemand, Targets
from tests.support.delivery import deployment
from tests.support.inference import case, cases_file

AT = ModelStage("fraud", "production")
NEAR = Tolerance(1e-6, 1e-5)
SERVER = "http://127.0.0.1:8080"


def checks(*parts):
    return TypeAdapter(CheckList).validate_python(list(parts))


def check(use, **fields):
    return checks({"id": "one", "use": use, **fields})[0]


def targets(*rows):
    return Targets.model_validate({"targets": list(rows)})


@pytest.mark.parametrize(
    ("value", "limits", "passed"),
    [
        ("0.9", {"above": 0.9}, False),
        ("0.9000000000000001", {"above": 0.9}, True),
        ("0.3", {"below": 0.3}, False),
        ("0.29", {"above": 0.1, "below": 0.3}, True),
        ("0.05", {"above": 0.1, "below": 0.3}, False),
        ("0.9", {}, None),
        (None, {"above": 0.9}, None),
    ],
)
def test_a_number_has_to_lie_strictly_within_its_limits(value, limits, passed):
    found = programs.judged(
        None if value is None else Decimal(value), above=limits.get("above"), below=limits.get("below")
    )
    assert found.passed is passed
    assert ("value" in found.values) is (value is not None)


@pytest.mark.parametrize(
    ("good", "above", "passed"), [(10, None, True), (9, None, False), (9, 0.9, False), (10, 0.9, True), (3, 0.3, False)]
)
def test_golden_cases_all_fit_or_strictly_more_than_was_asked(good, above, passed):
    found = golden.judged([Compared()] * good + [Compared(0.5, "y[0] is 3 instead of 2")] * (10 - good), above)
    assert found.passed is passed
    assert found.values["accuracy"] == good / 10
    assert found.message.endswith("" if passed else "cases: y[0] is 3 instead of 2")


@pytest.mark.parametrize(
    ("found", "expected", "fits"),
    [
        (1.0000009, 1.0, True),
        (1.1, 1.0, False),
        (100000.9, 100000.0, True),
        (math.nan, math.nan, True),
        (math.nan, 1.0, False),
        (1.0, math.nan, False),
        (math.inf, math.inf, True),
        (-math.inf, math.inf, False),
        (10**400, 1.0, False),
        (-(10**400), -math.inf, True),
        (True, 1, False),
        ("benign", "benign", True),
        ("benign", "malign", False),
        (1, 1.0, True),
    ],
)
def test_answers_fit_within_the_tolerance_alone(found, expected, fits):
    compared = compare({"y": Tensor((found,))}, {"y": Tensor((expected,))}, NEAR)
    assert (compared.problem is None) is fits
    assert math.isfinite(compared.worst)


def test_a_missing_output_and_another_shape_do_not_fit_and_further_outputs_do_not_matter():
    wanted = {"y": Tensor((1, 2), (2,)), "z": Tensor((1,))}
    found = {"y": Tensor((1, 2), (1, 2)), "more": Tensor((9,))}
    assert compare(found, wanted, NEAR).problem == "output y has another shape"
    assert compare({"y": Tensor((1, 2))}, wanted, NEAR).problem == "output z is missing"
    assert compare({"y": Tensor((1,))}, {"y": Tensor((1, 2))}, NEAR).problem == "output y has another shape"
    assert compare({"y": Tensor((1, 2), (2,)), "z": Tensor((1,))}, wanted, NEAR) == Compared(0.0, None)


@pytest.mark.parametrize(
    ("taken", "troubles", "limit", "passed"),
    [
        ([0.01] * 19 + [0.5], [], 50, True),  # one of twenty may be slow
        ([0.01] * 18 + [0.5] * 2, [], 50, False),
        ([0.05] * 20, [], 50, False),  # strictly below
        ([0.01], ["reset"], 50, False),
        ([], ["refused"], 50, None),
        ([], [], 50, None),
        ([0.01], [], None, None),
    ],
)
def test_latency_is_the_95th_percentile_and_a_client_that_is_left_alone_fails_it(taken, troubles, limit, passed):
    found = latency.judged(taken, troubles, limit)
    assert found.passed is passed
    assert passed is None or found.values["requests"] == len(taken)


def test_words_are_filled_in_once_and_nothing_else_means_anything():
    words = meaning(deployment("1.0.0"), Path("/srv/a b"))
    assert filled("{path}/{model}-{version}.json", words) == "/srv/a b/fraud-1.0.0.json"
    assert filled_address("http://h/{model}/{path}", words) == "http://h/fraud/%2Fsrv%2Fa%20b"
    assert filled("{model}", {"model": "{version}"}) == "{version}"
    assert "path" not in meaning(deployment("1.0.0"), None)
    with pytest.raises(KeyError):
        filled("{path}", meaning(deployment("1.0.0"), None))


@pytest.mark.parametrize(
    "part",
    [
        {"use": "nothing"},
        {"use": "golden", "url": SERVER, "cases": "{home}/cases.json"},
        {"use": "golden", "address": "file:///etc/passwd", "cases": "c"},
        {"use": "golden", "address": "http://user:secret@host", "cases": "c"},
        {"use": "golden", "address": "http:///v2", "cases": "c"},
        {"use": "golden", "address": f"{SERVER}/#x", "cases": "c"},
        {"use": "golden", "url": SERVER, "cases": "-c"},
        {"use": "golden", "url": SERVER, "cases": "c", "accuracy_above": 1.0},
        {"use": "metric", "above": 1.0},
        {"use": "metric", "above": 1.0, "command": ["x"], "url": SERVER, "field": "/a"},
        {"use": "metric", "above": 1.0, "url": SERVER},
        {"use": "metric", "above": 1.0, "command": ["x"], "source": "main"},
        {"use": "metric", "above": 1.0, "command": ["x"], "query": "accuracy"},
        {"use": "metric", "above": 1.0, "url": SERVER, "field": "a"},
        {"use": "command", "command": []},
        {"use": "latency", "url": SERVER, "cases": "c", "concurrency": 65},
    ],
)
def test_settings_that_mean_nothing_are_refused(part):
    with pytest.raises(ValidationError):
        check(part.pop("use"), **part)


def test_two_checks_have_two_names():
    with pytest.raises(ValidationError, match="the same id"):
        checks({"id": "a", "use": "scan"}, {"id": "a", "use": "interface"})


def test_paths_are_relative_to_the_file_but_for_what_is_served_and_programs_on_the_path():
    found = absolute(
        checks(
            {"id": "a", "use": "golden", "url": SERVER, "cases": "golden/{model}.json"},
            {"id": "b", "use": "latency", "url": SERVER, "cases": "{path}/cases.json"},
            {"id": "c", "use": "command", "command": ["bin/scan", "x/y"]},
            {"id": "d", "use": "metric", "command": ["accuracy"], "above": 0.9},
            {"id": "e", "use": "scan"},
        ),
        Path("/etc/gm"),
    )
    assert [getattr(one, "cases", None) or getattr(one, "command", None) for one in found] == [
        "/etc/gm/golden/{model}.json",
        "{path}/cases.json",
        ("/etc/gm/bin/scan", "x/y"),
        ("accuracy",),
        None,
    ]


def test_the_rows_of_a_target_ask_for_checks_and_of_two_rows_both_hold():
    row = {"id": "eu", "stage": "production", "models": ["fr*"]}
    found = demanded(
        targets(
            {**row, "checks": ["answers", {"id": "speed", "p95_below_ms": 100.0, "required": False}]},
            {**row, "checks": [{"id": "speed", "p95_below_ms": 50.0}, {"id": "auc", "above": 0.9}]},
            {**row, "id": "us", "checks": ["never"]},
            {**row, "stage": "staging", "checks": ["never"]},
            {**row, "models": ["risk"], "checks": ["never"]},
        ),
        "eu",
        AT,
    )
    assert sorted(found) == ["answers", "auc", "speed"]
    assert (found["speed"].p95_below_ms, found["speed"].required) == (50.0, True)


def test_of_two_limits_the_stricter_holds_and_what_is_asked_for_is_required():
    speed = check("latency", url=SERVER, cases="c", p95_below_ms=100.0, required=False)
    assert held_to(speed, CheckDemand(id="one", p95_below_ms=200.0)).p95_below_ms == 100.0
    assert held_to(speed, CheckDemand(id="one", p95_below_ms=50.0)).p95_below_ms == 50.0
    assert held_to(speed, CheckDemand(id="one")).required
    assert not held_to(speed, CheckDemand(id="one", required=False)).required
    assert held_to(speed, None) is speed
    metric = check("metric", command=["x"], above=0.8)
    assert held_to(metric, CheckDemand(id="one", above=0.9, below=0.99)).above == 0.9
    assert held_to(metric, CheckDemand(id="one", above=0.7)).above == 0.8
    near = check("golden", url=SERVER, cases="c", absolute=0.1)
    assert held_to(near, CheckDemand(id="one", absolute=0.01, accuracy_above=0.9)).absolute == 0.01


def test_a_limit_that_the_kind_of_check_does_not_know_is_named():
    assert unmet(check("scan"), CheckDemand(id="one", above=0.9)) == ("above",)
    assert unmet(check("metric", command=["x"]), CheckDemand(id="one", above=0.9)) == ()
    assert unmet(check("scan"), None) == ()


def test_a_check_applies_where_the_file_says():
    assert applies(check("scan"), "eu", AT)
    assert applies(check("scan", targets=["eu"], stages=["production"], models=["fr*"]), "eu", AT)
    assert not applies(check("scan", targets=["us"]), "eu", AT)
    assert not applies(check("scan", stages=["staging"]), "eu", AT)
    assert not applies(check("scan", models=["risk"]), "eu", AT)


@pytest.mark.parametrize(
    ("metadata", "digests"),
    [
        ({"parameters": {"sha256": "a" * 64}, "versions": ["b" * 64]}, {"a" * 64}),
        ({"parameters": {"digest": "a" * 64, "gm_sha256": "b" * 64}}, {"a" * 64, "b" * 64}),
        ({"versions": ["a" * 16, "1", 7]}, {"a" * 16}),
        ({"parameters": ["sha256"], "versions": "a" * 64}, set()),
        ({"parameters": {"sha256": 5}}, set()),
        ({"parameters": {"sha256": "abc"}}, set()),
    ],
)
def test_the_digest_is_read_from_what_the_server_says(metadata, digests):
    assert served_digests(metadata) == digests


@pytest.mark.parametrize(
    "answer",
    [{}, {"outputs": {}}, {"outputs": [1]}, {"outputs": [{"data": []}]}, {"outputs": [{"name": "y"}]}],
)
def test_an_answer_without_named_data_is_none(answer):
    with pytest.raises(NoAnswer):
        outputs(answer)


def test_nested_data_is_flat_however_deep():
    nested = 1
    for _ in range(5000):
        nested = [nested]
    found = outputs({"outputs": [{"name": "y", "shape": [1, True], "data": nested}, {"name": "z", "data": [[1], [2]]}]})
    assert found == {"y": Tensor((1,)), "z": Tensor((1, 2))}


@pytest.mark.parametrize(
    "text",
    [
        b"{}",
        b"[]",
        b"not json",
        b'{"cases": []}',
        b'{"cases": [1]}',
        b'{"cases": [{"inputs": []}]}',
        b'{"cases": [{"inputs": [{}], "outputs": [{"name": "y"}]}]}',
        b"[" * 100_000,
    ],
)
def test_a_file_that_holds_no_cases_is_refused(tmp_path, text):
    (tmp_path / "cases.json").write_bytes(text)
    with pytest.raises(ValueError, match=r"."):
        read_cases(str(tmp_path / "cases.json"))


def test_cases_are_read_from_regular_files_of_bounded_size(tmp_path, monkeypatch):
    (one,) = read_cases(cases_file(tmp_path / "cases.json", case(1.0, 2.0)))
    assert json.loads(one.request)["inputs"][0]["data"] == [1.0, 2.0]
    assert one.expected == {"y": Tensor((2.0, 4.0), (2,))}
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        read_cases(str(tmp_path / "pipe"))
    monkeypatch.setattr("gitops_models.delivery.checks.casefiles.MOST_BYTES", 10)
    with pytest.raises(ValueError, match="longer than"):
        read_cases(str(tmp_path / "cases.json"))


def test_the_page_about_checks_names_settings_that_are_read(repository_root):
    page = (repository_root / "docs" / "how-to" / "check-what-is-served.md").read_text()
    ours, theirs = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    named = checks(*yaml.safe_load(ours)["checks"])
    rows = targets(*yaml.safe_load(theirs)["targets"])
    found = demanded(rows, "serving-eu", AT)
    assert {one.use for one in named} == {"served-version", "golden", "latency", "metric", "command"}
    assert [unmet(one, found.get(one.id)) for one in named] == [()] * 6
    assert set(found) <= {one.id for one in named}
    table = set(re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE))
    assert table == {one.use for one in named} | {"scan", "interface"}
    cases = re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert outputs(json.loads(cases[0])["cases"][0])
