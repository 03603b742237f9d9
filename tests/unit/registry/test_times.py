from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.errors import GmError
from gitops_models.registry.times import format_time, moved, parse_date, parse_time


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - as asked
def test_a_time_reads_back(at):
    assert parse_time(format_time(at)) == at


def test_a_time_elsewhere_is_written_in_utc():
    at = datetime(2026, 11, 21, 12, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(at) == "2026-11-21T10:00:00Z"


@pytest.mark.clause("A-snapshots-3")
@pytest.mark.parametrize(
    "text", ["", "2026-11-21", "2026-11-21T10:00:00", "2026-11-21T10:00:00+00:00", "2026-13-01T00:00:00Z", "now"]
)
def test_any_other_form_of_time_is_refused(text):
    with pytest.raises(GmError) as caught:
        parse_time(text)
    assert caught.value.code == "GM-D013"


@pytest.mark.parametrize("text", ["0001-12-31T23:59:59Z", "9999-01-01T00:00:00Z"])
def test_a_time_at_the_ends_of_the_calendar_cannot_be_counted_from(text):
    with pytest.raises(GmError) as caught:
        parse_time(text)
    assert caught.value.code == "GM-D013"


def test_a_date_is_read():
    assert parse_date("2026-11-21") == date(2026, 11, 21)


@pytest.mark.parametrize("text", ["", "20261121", "2026-02-30", "2026-11-21T10:00:00Z"])
def test_any_other_form_of_date_is_refused(text):
    with pytest.raises(GmError) as caught:
        parse_date(text)
    assert caught.value.code == "GM-D013"


@pytest.mark.parametrize("text", ["0001-12-31", "9999-01-01"])
def test_a_date_that_nothing_can_be_counted_from_is_refused(text):
    with pytest.raises(GmError) as caught:
        parse_date(text)
    assert caught.value.code == "GM-D013"


def test_a_time_is_moved_within_the_calendar():
    at = datetime(2026, 11, 21, tzinfo=UTC)
    assert moved(at, timedelta(days=1)) == datetime(2026, 11, 22, tzinfo=UTC)
    assert moved(at, timedelta(days=9**7)) == datetime.max.replace(tzinfo=UTC)
    assert moved(at, -timedelta(days=9**7)) == datetime.min.replace(tzinfo=UTC)
