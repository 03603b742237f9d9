import pytest

from tests.support.policy import World, finding, status_file

VERSIONS = ("1.0.0", "1.1.0")


def world():
    return World().registered(*VERSIONS).promoted("1.0.0").promoted("1.1.0")


def retire(version=None, by="engineer", **fields):
    return status_file("retire", by=by, **({"version": version} if version else {}), **fields)


@pytest.mark.clause("B-2-3")
def test_a_live_version_is_not_retired():
    here = world()
    verdict = here.judge(retire("1.1.0"), approvals=("lead",))
    assert verdict.codes == ("GM-P520",)
    assert finding(verdict, "GM-P520").message == "fraud@1.1.0 stays live in development"
    assert here.judge(retire("1.0.0"), approvals=("lead",)).allowed


def test_a_live_model_is_retired_with_the_change_that_takes_it_out_of_every_stage():
    here = world()
    assert here.codes(retire(), approvals=("lead",)) == ("GM-P520",)
    gone = {path: None for stage in here.policy.stages for path in here.stage("1.1.0", stage)}
    assert here.judge({**retire(), **gone}, approvals=("lead",)).allowed
    some = dict(list(gone.items())[1:])
    assert here.codes({**retire(), **some}, approvals=("lead",)) == ("GM-P520",)


@pytest.mark.clause("B-2-3")
def test_what_is_retired_never_comes_back():
    here = world().accept(retire("1.0.0"))
    here.accept(status_file("suspend", 2)).accept(status_file("resume", 3))
    assert "GM-P501" in here.codes(here.stage("1.0.0"), by="operator", approvals=("lead",))
    here = World().registered("1.0.0").accept(retire("1.0.0"))
    assert "GM-P305" in here.codes(here.stage("1.0.0", "development"), approvals=("lead",))
