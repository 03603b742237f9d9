from decimal import Decimal

import pytest

from gitops_models.audit.comparing import compare
from gitops_models.registry.documents import Lineage, Model

SHA = {name: digit * 64 for name, digit in zip(("one", "two", "three"), "123", strict=True)}
INTERFACE = {
    "inputs": [{"name": "x", "dtype": "float32", "shape": [-1, 2]}],
    "outputs": [{"name": "score", "dtype": "float32", "shape": [-1]}],
}


def lineage(version, **fields):
    base = {"model": "fraud", "version": version, "created": "2026-11-21T10:00:00Z", "author": "ada"}
    return Lineage.model_validate(base | fields)


def metric(value, **fields):
    return {"name": "auc", "value": value, "dataset": "holdout", "higher_is_better": True} | fields


def artifact(path, digest, role="weights"):
    return {"path": path, "role": role, "sha256": SHA[digest], "size": 3}


def model(**fields):
    return Model.model_validate({"name": "fraud", "risk": "high"} | fields)


def test_lineage_fields_are_compared_by_dotted_path_and_name():
    before = lineage(
        "1.0.0",
        parameters={"values": {"rate": 0.1, "deep": True}},
        data=[{"name": "rows", "snapshot": "2026-09-30"}],
    )
    after = lineage(
        "1.1.0",
        parameters={"values": {"rate": 0.2, "deep": False, "seed": None}},
        data=[{"name": "rows", "snapshot": "2026-10-31"}],
        not_applicable=["prompt"],
    )
    found = {one.field: (one.before, one.after) for one in compare(before, after, None).fields}
    assert found == {
        "parameters.values.rate": ("0.1", "0.2"),
        "parameters.values.deep": ("true", "false"),
        "parameters.values.seed": (None, "null"),
        "data[rows].snapshot": ("2026-09-30", "2026-10-31"),
        "not_applicable[0]": (None, "prompt"),
    }


def test_metrics_differ_exactly_in_decimals():
    (found,) = compare(lineage("1.0.0", metrics=[metric(0.9)]), lineage("1.1.0", metrics=[metric(0.912)]), None).metrics
    assert (found.before, found.after, found.difference) == (Decimal("0.9"), Decimal("0.912"), Decimal("0.012"))
    assert found.better is True


def test_a_lower_loss_is_better_and_no_direction_is_no_verdict():
    loss = {"name": "loss", "higher_is_better": False}
    unknown = {"name": "size", "higher_is_better": None}
    before = lineage("1.0.0", metrics=[metric(2.0, **loss), metric(2.0, **unknown), metric(1.0)])
    after = lineage("1.1.0", metrics=[metric(1.5, **loss), metric(1.5, **unknown), metric(1.0)])
    assert [one.better for one in compare(before, after, None).metrics] == [True, None, None]


def test_a_metric_on_one_side_only_has_no_difference():
    found = compare(
        lineage("1.0.0", metrics=[metric(0.9, dataset="old")]), lineage("1.1.0", metrics=[metric(0.8)]), None
    )
    assert [(one.dataset, one.difference) for one in found.metrics] == [("holdout", None), ("old", None)]


def test_artifacts_are_same_changed_added_or_removed():
    before = lineage("1.0.0", artifacts=[artifact(*pair) for pair in (("a", "one"), ("b", "one"), ("c", "one"))])
    after = lineage("1.1.0", artifacts=[artifact(*pair) for pair in (("a", "one"), ("b", "two"), ("d", "three"))])
    turns = {one.path: one.turn for one in compare(before, after, None).artifacts}
    assert turns == {"a": "same", "b": "changed", "d": "added", "c": "removed"}


def test_an_interface_is_compared_where_both_are_known():
    before, after = lineage("1.0.0", interface=INTERFACE), lineage("1.1.0", interface=INTERFACE | {"outputs": []})
    assert compare(before, before, None).interface == ()
    assert compare(before, after, None).interface == ("output score is gone",)
    assert compare(lineage("1.0.0"), after, None).interface is None
    assert compare(None, after, None).interface is None


@pytest.mark.clause("B-8-1")
def test_what_a_consumer_needs_and_does_not_get_is_named():
    wants = model(consumers=[{"name": "checkout", "requires": {"outputs": ["score", "reason"]}}])
    found = compare(None, lineage("1.0.0", interface=INTERFACE), wants)
    assert found.consumers == ("checkout: output reason is missing",)
    assert compare(None, lineage("1.0.0"), wants).consumers == ("checkout: no interface is known",)


def test_without_an_earlier_version_everything_is_new():
    found = compare(None, lineage("1.0.0", artifacts=[artifact("a", "one")], metrics=[metric(0.9)]), model())
    assert (found.before, found.after) == (None, "1.0.0")
    assert [one.turn for one in found.artifacts] == ["added"]
    assert [one.difference for one in found.metrics] == [None]
