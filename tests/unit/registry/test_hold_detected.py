import pytest

from gitops_models.errors import GmError
from gitops_models.registry.documents import Hold, validate

PLAIN = {"model": "fraud", "stage": "production", "action": "hold", "reason": "bad", "by": "ann"}
CREATED = "2026-11-21T12:00:00Z"


@pytest.mark.parametrize("detected", [None, "2026-11-21T11:00:00Z", CREATED])
def test_what_is_wrong_is_seen_before_the_hold_is_placed(detected):
    assert validate(Hold, {**PLAIN, "created": CREATED, "detected": detected}, "hold").detected == detected


@pytest.mark.parametrize("detected", ["2026-11-21T12:00:01Z", "yesterday"])
def test_a_time_after_the_hold_or_none_at_all_is_refused(detected):
    with pytest.raises(GmError) as error:
        validate(Hold, {**PLAIN, "created": CREATED, "detected": detected}, "hold")
    assert error.value.code == "GM-D021"
