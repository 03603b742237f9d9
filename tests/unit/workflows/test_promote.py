"""Promotions that are none."""

import pytest

from gitops_models.errors import GmError
from tests.support.registry import Registry


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    made = Registry(tmp_path_factory.mktemp("promote") / "r")
    for version in ("1.0.0", "1.1.0"):
        made.version("fraud", version)
        made.live("fraud", version, "development")
    return made


def test_promoting_a_version_that_lies_below_the_live_one_is_refused_as_a_rollback(registry):
    before = registry.refs()
    with pytest.raises(GmError) as refused:
        registry.promote("fraud", "1.0.0", "development")
    assert refused.value.code == "GM-C161"
    assert refused.value.hint == "gm rollback fraud --stage development --to 1.0.0 -m WHY"
    assert registry.refs() == before


def test_the_next_stage_of_the_live_version_is_a_promotion(registry):
    assert registry.promote("fraud", "1.1.0", None).stage == "validation"
