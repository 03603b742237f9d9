"""Since when a version was served, by the newest run of its records."""

from gitops_models.trust.deployments import served_since
from tests.support.signed import acceptance, deployment


def at(minute, **fields):
    return deployment(finished=f"2026-11-21T11:{minute:02}:00Z", **fields)


def since(*records, **wanted):
    return served_since(records, "fraud", "production", **wanted)


def test_the_newest_run_counts_and_what_failed_or_was_elsewhere_does_not_end_it():
    records = (
        at(9, version="1.1.0"),
        at(8),
        at(7, version="1.1.0", result="failed"),
        at(6, stage="staging"),
        acceptance("ann"),
        at(5),
        at(4, version="1.1.0"),
        at(3),
    )
    assert since(*records, version="1.0.0") == "2026-11-21T11:05:00Z"
    assert since(*records, version="2.0.0") is None


def test_a_run_may_be_told_by_its_bytes():
    records = (at(9, observed="a" * 64), at(8, observed="a" * 64), at(7, observed="b" * 64), at(6, observed="a" * 64))
    assert since(*records, observed="a" * 64) == "2026-11-21T11:08:00Z"
