"""Metrics and parameters from files."""

import hashlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.artifacts.measured import MetricFound, read_metrics, read_parameters
from tests.support.refusals import refused


def metrics(folder, text, name="metrics.json"):
    (folder / name).write_text(text)
    return read_metrics(folder / name)


def test_digits_stay_as_written(tmp_path):
    found = metrics(tmp_path, '{"auc": 0.9120, "loss": 1e-3, "rows": 569}')
    assert [(metric.name, str(metric.value)) for metric in found] == [
        ("auc", "0.9120"),
        ("loss", "0.001"),
        ("rows", "569"),
    ]


def test_nested_names_are_joined_and_what_is_no_number_is_left_out(tmp_path):
    found = metrics(tmp_path, '{"test": {"auc": 0.5, "note": "x", "ok": true, "none": null, "list": [1]}}')
    assert found == (MetricFound("test.auc", Decimal("0.5")),)


def test_a_list_says_dataset_and_direction(tmp_path):
    found = metrics(tmp_path, '[{"name": "auc", "value": 0.5, "dataset": "holdout", "higher_is_better": true}]')
    assert found == (MetricFound("auc", Decimal("0.5"), "holdout", higher_is_better=True),)


def test_yaml_is_read_too(tmp_path):
    assert metrics(tmp_path, "test:\n  auc: 0.5\n", "metrics.yaml") == (MetricFound("test.auc", Decimal("0.5")),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": %s}' % ("9" * 400),
        '[{"name": "a"}]',
        "[1]",
        "[" * 100_000,
        '[{"name": "a", "value": true}]',
    ],
)
def test_metrics_that_are_not_understood_are_refused(tmp_path, text):
    refused("GM-A601", metrics, tmp_path, text)


def test_yaml_that_is_not_plain_is_refused(tmp_path):
    refused("GM-A601", metrics, tmp_path, "a: &x 1\nb: *x\n", "metrics.yaml")


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.decimals(allow_nan=False, allow_infinity=False, places=4)))
def test_every_number_survives(tmp_path_factory, values):
    text = ", ".join(f'"{index}": {value}' for index, value in enumerate(values.values()))
    found = metrics(tmp_path_factory.mktemp("m"), f"{{{text}}}")
    assert [metric.value for metric in found] == list(values.values())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("params.yaml", "train:\n  rate: 0.05\n"),
        ("params.json", '{"train": {"rate": 0.05}}'),
        ("params.toml", "[train]\nrate = 0.05\n"),
    ],
)
def test_parameters_are_values_and_a_digest(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    found = read_parameters(tmp_path / name)
    assert (found.values, found.source) == ({"train": {"rate": 0.05}}, name)
    assert found.sha256 == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("name", "text"), [("params.json", "[]"), ("params.yaml", "- 1\n"), ("params.toml", "="), ("params.json", "x")]
)
def test_parameters_that_are_not_understood_are_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    refused("GM-A602", read_parameters, tmp_path / name)


def test_a_missing_file_is_not_found(tmp_path):
    refused("GM-A101", read_metrics, tmp_path / "absent.json")
