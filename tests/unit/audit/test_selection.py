from datetime import UTC, datetime, timedelta

import pytest

from gitops_models.audit.rows import Row
from gitops_models.audit.selection import Wanted, select

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def row(index, event="promoted", **fields):
    at = NOON + timedelta(hours=index)
    fields = {"status": "accepted", "time": at, "model": "fraud", "stage": "staging"} | fields
    return Row(index=index, effect=index, step=f"{index:040x}", event=event, **fields)


ROWS = (
    row(1, "version-registered", stage=None),
    row(2),
    row(3, status="denied", time=None, model="fraud"),
    row(4, stage="production"),
    row(5, "restored", status="restored", stage=None),
    row(6, model="churn"),
    row(7, "rolled-back", stage="production"),
)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), [7, 6, 4, 2, 1]),
        (Wanted(everything=True), [7, 6, 5, 4, 3, 2, 1]),
        (Wanted(model="churn"), [6]),
        (Wanted(stage="production"), [7, 4]),
        (Wanted(event="promoted"), [6, 4, 2]),
        (Wanted(event="promotion"), [6, 4, 2]),
        (Wanted(event="rollback"), [7]),
        (Wanted(event="unheard-of"), []),
        (Wanted(limit=2), [7, 6]),
        (Wanted(since=NOON + timedelta(hours=4)), [7, 6, 4]),
        (Wanted(until=NOON + timedelta(hours=4)), [4, 2, 1]),
        (Wanted(since=NOON + timedelta(hours=2), until=NOON + timedelta(hours=2), everything=True), [3, 2]),
    ],
)
def test_rows_come_newest_first_and_only_those_that_fit(wanted, expected):
    assert [found.index for found in select(ROWS, wanted)] == expected


def test_a_row_before_any_acceptance_is_at_no_time():
    pending = row(1, status="pending", time=None)
    assert select([pending], Wanted(everything=True, since=NOON)) == ()
    assert select([pending], Wanted(everything=True, until=NOON)) == (pending,)
