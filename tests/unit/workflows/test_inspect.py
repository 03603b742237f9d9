from datetime import UTC, datetime

import pytest

from gitops_models.errors import GmError
from gitops_models.workflows.inspect import parse_moment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-21T10:00:00Z", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("2026-11-21T10:00", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("2026-11-21 10:00:00", datetime(2026, 11, 21, 10, tzinfo=UTC)),
        ("2026-11-21T10:00:00+02:00", datetime(2026, 11, 21, 8, tzinfo=UTC)),
    ],
)
def test_an_iso_time_is_utc_unless_it_names_a_zone(text, expected):
    assert parse_moment(text) == expected


def test_a_date_can_mean_its_last_moment():
    assert parse_moment("2026-11-21", end_of_day=True) == datetime(2026, 11, 21, 23, 59, 59, 999999, tzinfo=UTC)
    assert parse_moment("2026-11-21T10:00:00Z", end_of_day=True) == datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "HEAD"])
def test_other_text_is_no_time(text):
    with pytest.raises(GmError) as refused:
        parse_moment(text)
    assert refused.value.code == "GM-C154"
