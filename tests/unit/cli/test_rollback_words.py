from datetime import UTC, datetime

import pytest
import typer

from gitops_models.cli.rollback_ import _seen
from gitops_models.errors import GmError


def test_when_a_fault_was_seen_is_a_time_and_stands_in_the_hold():
    assert _seen(None, hold=False) is None
    assert _seen("2026-11-21T11:40:00+01:00", hold=True) == datetime(2026, 11, 21, 10, 40, tzinfo=UTC)
    with pytest.raises(typer.BadParameter, match="leave out --no-hold"):
        _seen("2026-11-21T11:40:00Z", hold=False)
    with pytest.raises(GmError) as error:
        _seen("yesterday", hold=True)
    assert error.value.code == "GM-C154"
