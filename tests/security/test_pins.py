"""Two readers of one history must find the same anchors, wherever they begin."""

import pytest

from gitops_models.errors import GmError
from gitops_models.trust.memory import memory_path
from gitops_models.workflows.pin import pin
from tests.support import policy as documents
from tests.support.registry import Registry


@pytest.fixture
def registry(tmp_path):
    made = Registry(tmp_path / "r")
    made.version("fraud", "1.0.0", risk="low")
    return made


@pytest.mark.attack("a pin behind a denied step", "GM-C114", by="operator")
def test_a_pin_after_a_denied_step_is_refused_and_nothing_is_remembered(registry):
    registry.commit({"models/fraud/model.yaml": documents.model_yaml("fraud", "low", use=["x"])}, land=True)
    tip = registry.tip
    memory_path(registry.store.common_dir).unlink()
    with pytest.raises(GmError) as refused:
        pin(registry.path, tip)
    assert refused.value.code == "GM-C114"
    assert refused.value.hint == f"gm trust pin {registry.pin}"
    assert not memory_path(registry.store.common_dir).exists()


@pytest.mark.lookalike("a later pin on the same line")
def test_a_later_pin_finds_the_anchors_of_the_first(registry):
    registry.live("fraud", "1.0.0", "development")
    memory_path(registry.store.common_dir).unlink()
    assert pin(registry.path, registry.tip).fresh
    registry.version("fraud", "1.1.0")
    early, registry.pin = registry.pin, registry.tip
    later = registry.promote("fraud", "1.1.0", "development")
    seen_later = registry.check(later).change_id
    registry.pin = early
    assert registry.check(later).change_id == seen_later
