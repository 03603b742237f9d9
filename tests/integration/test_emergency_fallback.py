"""An emergency where nothing good is left: the declared fallback is served at once, and the target says so."""

from unittest import mock

import pytest

from gitops_models.artifacts.readers import object_path
from gitops_models.delivery.resolve import resolve
from gitops_models.workflows.emergency import emergency
from gitops_models.workflows.emergency_plan import Emergency
from tests.support import policy as documents
from tests.support import station, stories
from tests.support.registry import NO_EVIDENCE, PEOPLE, SHORT, Registry

RULES = {"emergency": station.EMERGENCY, "rollback": {"hold": True, "degrade": "fallback:rules@1.0.0"}}


@pytest.fixture
def site(tmp_path, home):
    """``fraud`` with its only version and ``rules``, both live in both stages, and a station that has their bytes."""
    registry = Registry(tmp_path / "registry.git", changes={**NO_EVIDENCE, **SHORT, **RULES}, people=PEOPLE)
    for model in ("fraud", "rules"):
        whole = documents.artifact("1.0.0", model=model, size=len(f"{model} 1.0.0 model.onnx"))
        with mock.patch("tests.support.policy.pointer", station._pointer):
            registry.version(model, "1.0.0", artifacts=[whole])
        registry.live(model, "1.0.0", *stories.STAGES)
    (tmp_path / "site").mkdir()
    here = station.Station(registry, tmp_path / "site", home)
    rules = here.root / "dvc" / object_path(documents.artifact("1.0.0", model="rules")["md5"])
    rules.parent.mkdir(parents=True, exist_ok=True)
    rules.write_text("rules 1.0.0 model.onnx")
    return here


class Quiet:
    def notify(self, notice):
        """Tells nobody."""


@pytest.mark.clause("A-limits-7", "B-8-3")
def test_the_fallback_is_served_at_once_and_the_target_is_degraded(site):
    site.run()
    served = site.root / "srv/fraud/production"
    assert (resolve(served) / "model.onnx").read_text() == "fraud 1.0.0 model.onnx"
    site.clock.tick()
    wanted = Emergency("fraud", "scores of others are shown", "INC-412")
    assert emergency(site.registry.session("operator"), wanted, Quiet()).state == "landed"
    assert site.registry.statuses()[-1] == "accepted"
    accepted = site.registry.history().state.snapshot
    assert accepted.quarantined_versions("fraud") == ("1.0.0",)
    for stage in stories.STAGES:
        assert site.registry.live_version("fraud", stage) is None
        instead = accepted.held("fraud", stage).fallback
        assert (instead.model, instead.version) == ("rules", "1.0.0")
    found = {one.at.model: one for one in site.run().results}["fraud"]
    said = [(one.status, one.reason, one.message) for one in found.conditions if one.type == "Degraded"]
    assert said == [(True, "Fallback", "rules@1.0.0 stands in")]
    assert (resolve(served) / "model.onnx").read_text() == "rules 1.0.0 model.onnx"
