"""Attacks with waivers: granted by nobody, for other things, for ever, or of what no rule lets go."""

import json

import pytest

from gitops_models.audit.compliance import compliance
from gitops_models.audit.selection import Wanted
from gitops_models.cli import log_, status_, verify_
from gitops_models.cli.compliances import body, lines, markdown
from gitops_models.policy.denied import Denied
from gitops_models.registry.paths import POLICY_YAML
from gitops_models.workflows.inspect import log
from gitops_models.workflows.merging import merge
from gitops_models.workflows.standing import standing
from gitops_models.workflows.statuspage import status_page
from gitops_models.workflows.verifying import verify
from tests.support import stories
from tests.support.policy import waiver_file
from tests.support.stories import denials, last

SOAK = {"stage_rules": {"production": {"soak_hours": {"low": 24}}}}
HOSTILE = "<b>`x`</b> | [a](b)"


def soaking(path):
    """``fraud`` 1.0.0 and ``churn`` 1.0.0, live in staging since just now, with a soak of a day before production."""
    story = stories.registry(path, changes=SOAK)
    for model in ("fraud", "churn"):
        story.version(model, "1.0.0")
        story.live(model, "1.0.0", "staging")
    return story


@pytest.fixture
def soak(story):
    return story(soaking)


def write(story, *, by="raio2", approvers=("raio", "owner"), **fields):
    """Propose a waiver and have it approved."""
    proposal = story.draft("-", waiver_file(**{"by": by, **fields}), by=by, event="waiver")
    story.approve(proposal, *approvers)
    return proposal


def grant(story, **fields):
    """An accepted waiver."""
    proposal = write(story, **fields)
    story.merge(proposal, by="raio2")
    assert last(story).status == "accepted"
    return proposal


def promotion(story, model="fraud"):
    """An approved promotion to production."""
    proposal = story.promote(model, "1.0.0", "production")
    story.approve(proposal, "lead")
    return proposal


@pytest.mark.lookalike("a promotion that waits for nothing because its quorum waived the soak")
def test_an_accepted_waiver_lets_its_model_pass_and_every_replay_says_so(soak):
    grant(soak)
    assert denials(soak, promotion(soak, "churn")) == ("GM-P316",)
    soak.merge(promotion(soak))
    step = last(soak)
    assert (step.status, soak.live_version("fraud", "production")) == ("accepted", "1.0.0")
    (warning,) = [one for one in step.verdict.findings if one.code == "GM-P316"]
    assert (str(warning.severity), warning.waiver) == ("warn", "w-1")
    rows = log(soak.session("lead"), Wanted(model="fraud"))
    assert [row.waived for row in rows] == [("GM-P316 by w-1",), (), (), ()]
    assert "    waived: GM-P316 by w-1" in log_._lines(rows, everything=False)
    assert log_.row_body(rows[0])["waived"] == ["GM-P316 by w-1"]
    soak.clock.tick(days=3650)
    assert [one.verdict for one in soak.history().steps][-1] == step.verdict


@pytest.mark.attack("a waiver that only its author agrees to", "GM-P401", by="author")
@pytest.mark.parametrize("approvers", [(), ("lead",), ("owner",), ("engineer2", "domain")])
def test_a_waiver_without_the_quorum_of_the_policy_does_not_land(soak, approvers):
    proposal = write(soak, by="engineer", approvers=approvers)
    with soak.untouched(), pytest.raises(Denied) as caught:
        merge(soak.session("engineer"), proposal)
    assert caught.value.verdict.codes == ("GM-P401",)
    assert denials(soak, promotion(soak)) == ("GM-P316",)


@pytest.mark.attack("a waiver forced onto the line without anybody's agreement", "GM-P315", by="author")
def test_a_waiver_that_was_never_accepted_counts_for_nothing(soak):
    proposal = write(soak, by="engineer", approvers=())
    soak.merge_by_hand(proposal.head)
    assert last(soak).status == "pending"
    assert standing(soak.session("lead")).waivers == ()
    with soak.untouched(), pytest.raises(Denied) as caught:
        promotion(soak)
    assert {"GM-P315", "GM-P316"} <= set(caught.value.verdict.codes)


@pytest.mark.attack("a promotion under a waiver that is over", "GM-P316", by="author")
def test_a_waiver_that_expired_counts_no_more_and_the_refusal_says_so(soak):
    grant(soak, expires="2026-11-21T14:00:00Z")
    proposal = promotion(soak)
    assert denials(soak, proposal) == ()
    soak.clock.tick(hours=2)
    verdict = soak.check(proposal).verdict
    assert verdict.codes == ("GM-P316",)
    assert "the waiver w-1 expired at 2026-11-21T14:00:00Z" in verdict.denials[0].details
    with soak.untouched(), pytest.raises(Denied):
        merge(soak.session("engineer"), proposal)


@pytest.mark.attack("a waiver dated before a time when its author still counted", "GM-P316", by="author")
def test_when_a_waiver_says_it_was_made_is_nobodys_business(soak):
    grant(soak, created="2020-01-01T00:00:00Z", expires="2026-11-21T11:59:59Z")
    assert denials(soak, promotion(soak)) == ("GM-P316",)


@pytest.mark.attack("a waiver of approvals, quarantine or signatures", "GM-P708", by="reviewer")
@pytest.mark.parametrize("code", ["GM-P401", "GM-P304", "GM-P301", "GM-P306", "GM-P801", "GM-P101", "GM-P999"])
def test_nobody_waives_what_cannot_be_waived(soak, code):
    with soak.untouched(), pytest.raises(Denied) as caught:
        write(soak, code=code, models=["*"])
    assert caught.value.verdict.codes == ("GM-P401", "GM-P708")


@pytest.mark.attack("a waiver in the name of somebody else", "GM-P709", by="author")
def test_a_waiver_in_the_name_of_somebody_else_does_not_land(soak):
    with soak.untouched(), pytest.raises(Denied) as caught:
        soak.draft("-", waiver_file(by="raio"), by="raio2", event="waiver")
    assert caught.value.verdict.codes == ("GM-P401", "GM-P709")


@pytest.mark.attack("a small waiver that grows after its approval", "GM-P401", by="author")
def test_an_accepted_waiver_grows_only_by_another_quorum(soak):
    grant(soak, version="0.9.0")
    grown = soak.draft("-", waiver_file(by="engineer", models=["*"]), by="engineer", event="waiver")
    assert denials(soak, grown) == ("GM-P401",)
    assert denials(soak, promotion(soak)) == ("GM-P316",)


def test_what_is_waived_is_told_by_status_verify_and_compliance(soak):
    grant(soak, reason=HOSTILE, stage="production", version="1.0.0")
    line = f"waiver w-1: GM-P316 for fraud@1.0.0 in production until 2026-12-01T00:00:00Z ({HOSTILE})"
    session = soak.session("lead")
    found = standing(session)
    assert line in status_._lines(found)
    (told,) = status_._body(found)["waivers"]
    assert (told["id"], told["code"], told["models"], told["expires"]) == (
        "w-1", "GM-P316", ["fraud"], "2026-12-01T00:00:00Z",
    )  # fmt: skip
    assert standing(session, "churn").waivers == ()
    (table,) = [one for one in status_page(session, found).tables if one.title == "Waivers in force"]
    assert table.rows == (("w-1", "GM-P316", "fraud", "1.0.0", "production", HOSTILE, "raio2", "2026-12-01T00:00:00Z"),)
    verified = verify(session)
    assert (line in verify_._lines(verified), verify_._body(verified)["waivers"]) == (True, [told])
    complying = compliance(soak.history(), POLICY_YAML, soak.clock.now())
    assert line in lines(complying, complying.rows)
    assert json.loads(json.dumps(body(complying, complying.rows)["waivers"])) == [told]
    page = "\n".join(markdown(complying, complying.rows))
    assert ("waiver w-1" in page.replace("&#58;", ":"), HOSTILE in page) == (True, False)
    soak.clock.tick(days=30)
    assert standing(soak.session("lead")).waivers == ()
    assert compliance(soak.history(), POLICY_YAML, soak.clock.now()).waivers == ()


def test_a_waiver_without_stage_or_version_says_only_what_it_is_for(soak):
    grant(soak, models=["fraud", "churn"])
    assert "waiver w-1: GM-P316 for fraud, churn until 2026-12-01T00:00:00Z (agreed in a test)" in status_._lines(
        standing(soak.session("lead"))
    )
