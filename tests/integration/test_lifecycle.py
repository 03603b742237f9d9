"""Suspended, resumed, retired: proposed like everything else, judged, and followed by what is served."""

import pytest

from gitops_models.delivery.desired import desired_state, desired_states
from gitops_models.delivery.values import ModelStage, Standing
from gitops_models.errors import GmError
from gitops_models.policy.denied import Denied
from gitops_models.workflows.lifecycle import Already, Turn, turn
from tests.support import stories
from tests.support.policy import status_file
from tests.support.team import Team, gm


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return stories.two_versions(tmp_path_factory.mktemp("lifecycle") / "registry.git")


@pytest.fixture
def registry(told, tmp_path):
    return told.copy(tmp_path / "registry.git")


def take(registry, action, reference="fraud", *, by="engineer", **fields):
    registry.clock.tick()
    return turn(registry.session(by), Turn(reference, action, "because", **fields))


def landed(registry, action, reference="fraud", *, by="engineer", **fields):
    proposal = take(registry, action, reference, by=by, **fields).proposal
    registry.approve(proposal, "lead")
    return registry.merge(proposal, by=by)


@pytest.mark.clause("B-11-1")
def test_a_suspended_model_is_not_promoted_until_it_is_resumed(registry):
    registry.version("fraud", "1.2.0")
    opened = take(registry, "suspend", by="operator")
    assert opened.evaluation.verdict.allowed
    registry.merge(opened.proposal, by="operator")
    with registry.untouched(), pytest.raises(Denied) as refused:
        registry.promote("fraud", "1.2.0", "staging")
    assert refused.value.code == "GM-P305"
    landed(registry, "resume")
    registry.live("fraud", "1.2.0", "staging")
    assert registry.live_version("fraud", "staging") == "1.2.0"


def test_who_may_suspend_may_not_resume_alone(registry):
    registry.merge(take(registry, "suspend", by="operator").proposal, by="operator")
    with registry.untouched(), pytest.raises(Denied) as refused:
        take(registry, "resume", by="operator")
    assert refused.value.verdict.codes == ("GM-P401", "GM-P403")
    assert take(registry, "resume").evaluation.verdict.codes == ("GM-P401",)


def test_the_second_run_finds_everything_as_it_is_wanted(registry):
    assert isinstance(take(registry, "resume"), Already)
    registry.merge(take(registry, "suspend", by="operator").proposal, by="operator")
    landed(registry, "retire", "fraud@1.0.0")
    with registry.untouched():
        assert take(registry, "suspend", by="operator").what == "fraud is suspended already"
        assert take(registry, "retire", "fraud@1.0.0").what == "fraud@1.0.0 is retired already"


def test_the_same_proposal_is_taken_up_and_not_opened_twice(registry):
    first = take(registry, "retire", "fraud@1.0.0")
    again = turn(registry.session("engineer"), Turn("fraud@1.0.0", "retire", "because"))
    assert (again.proposal.id, again.proposal.head) == (first.proposal.id, first.proposal.head)


@pytest.mark.clause("B-2-3")
def test_what_is_live_is_not_retired_before_it_is_taken_out(registry):
    for reference in ("fraud@1.1.0", "fraud", "fraud#staging"):
        with registry.untouched(), pytest.raises(GmError) as refused:
            take(registry, "retire", reference)
        assert (refused.value.code, "staging" in refused.value.message) == ("GM-P520", True)
    landed(registry, "retire", undeploy=True)
    assert [registry.live_version("fraud", stage) for stage in stories.STAGES] == [None, None]
    with registry.untouched(), pytest.raises(Denied) as refused:
        registry.promote("fraud", "1.1.0", "staging")
    assert "GM-P305" in refused.value.verdict.codes


@pytest.mark.clause("B-2-3")
def test_a_retired_model_does_not_come_back(registry):
    landed(registry, "retire", undeploy=True)
    for action in ("resume", "suspend"):
        with registry.untouched(), pytest.raises(GmError) as refused:
            take(registry, action)
        assert refused.value.code == "GM-C245"
    assert take(registry, "retire", "fraud@1.0.0").what == "fraud@1.0.0 is retired already"


def test_single_versions_are_not_suspended_and_unknown_ones_are_named(registry):
    for words, code in (
        (("suspend", "fraud@1.0.0"), "GM-C246"),
        (("retire", "fraud@9.0.0"), "GM-C141"),
        (("retire", "nobody"), "GM-C140"),
    ):
        with registry.untouched(), pytest.raises(GmError) as refused:
            take(registry, *words)
        assert refused.value.code == code


@pytest.mark.attack("a branch called retirement that takes another version out", "GM-F104", by="author")
def test_a_branch_called_retirement_undeploys_nothing_else(registry):
    files = {**status_file("retire", by="engineer", version="1.0.0"), "models/fraud/stages/production.yaml": None}
    proposal = registry.draft("fraud", files, event="retirement", version="1.0.0")
    for act in (registry.check, registry.merge):
        with registry.untouched(), pytest.raises(GmError) as refused:
            act(proposal)
        assert refused.value.code == "GM-F104"


def test_the_verbs_print_their_plan_land_and_say_when_there_is_nothing_to_do(tmp_path, home):
    team = Team(tmp_path, home, {"engineer": ["ml-engineer", "technical-lead"]})
    team.registry.version("fraud", "1.0.0")
    clone = team.clone("engineer")
    plan = gm(clone, "suspend", "fraud", "-m", "audit", "--dry-run", "--json")
    assert (plan.status, plan.json["kind"], plan.json["dryRun"]) == (0, "Suspend", True)
    done = gm(clone, "suspend", "fraud", "-m", "audit", "--merge")
    assert (done.status, "landed" in done.out) == (0, True), done.err
    again = gm(clone, "suspend", "fraud", "-m", "audit", "--json")
    assert (again.status, again.json["already"]) == (0, True)
    kept = gm(clone, "resume", "fraud", "-m", "settled", "--no-push", "--json")
    assert kept.status == 0, kept.err
    assert team.git("for-each-ref", "refs/heads/gm") == ""
    retired = gm(clone, "retire", "fraud@1.0.0", "-m", "replaced", "--merge", "--json")
    assert (retired.status, retired.json["kind"]) == (0, "Retire"), retired.err
    assert gm(clone, "retire", "fraud@1.0.0", "-m", "replaced").out == "fraud@1.0.0 is retired already\n"
    missing = gm(clone, "retire", "fraud", "--json")
    assert (missing.status, missing.error["code"]) == (2, "GM-C130")


# What is served while a model is suspended


def standings(registry):
    return {state.at.stage: state.standing for state in desired_states(registry.history())}


@pytest.mark.clause("B-11-1")
def test_what_is_live_stays_while_suspended_and_nothing_new_is_deployed(registry):
    registry.merge(take(registry, "suspend", by="operator").proposal, by="operator")
    assert standings(registry) == dict.fromkeys(stories.STAGES, Standing.SUSPENDED)
    landed(registry, "resume")
    assert standings(registry) == dict.fromkeys(stories.STAGES, Standing.SERVE)


def test_a_rollback_or_removal_of_a_suspended_model_is_followed_in_its_stage(registry):
    registry.merge(take(registry, "suspend", by="operator").proposal, by="operator")
    registry.merge(registry.rollback("fraud"), by="operator")
    assert standings(registry) == {"staging": Standing.SUSPENDED, "production": Standing.SERVE}
    proposal = registry.draft(
        "fraud", {"models/fraud/stages/staging.yaml": None}, event="undeployment", stage="staging"
    )
    registry.approve(proposal, "lead")
    registry.merge(proposal)
    gone = desired_state(registry.history(), ModelStage("fraud", "staging"))
    assert gone.standing is Standing.UNDEPLOY
    landed(registry, "resume")
    registry.merge(take(registry, "suspend", by="operator").proposal, by="operator")
    assert standings(registry) == {"production": Standing.SUSPENDED}
