"""Everything that the policy package has words for, held against its record (see tests/support/recorded.py)."""

import json

import pytest

from gitops_models.policy.clauses import CLAUSES, standing
from gitops_models.policy.document import load_policy
from gitops_models.policy.effective import entitlements, filled
from gitops_models.policy.explain import explanations
from gitops_models.policy.profiles import PROFILES, profile
from gitops_models.policy.render.github import to_github
from gitops_models.policy.render.jsons import to_json
from gitops_models.policy.render.markdown import to_markdown
from gitops_models.policy.render.sarif import to_sarif
from gitops_models.policy.render.text import to_text
from gitops_models.policy.rules import RULES
from tests.support.policy import World, approve, hold_file, status_file
from tests.support.recorded import tell

FORMS = {
    "text": to_text,
    "json": to_json,
    "sarif": to_sarif,
    "github": to_github,
    "markdown": to_markdown,
}
SUPPOSED = ("raio approves", "domain approves with a touched key")


def refused():
    """A promotion that lacks approvals, skips a stage and goes to a stage that is held, with opinions of all kinds."""
    here = World().registered("1.0.0", "1.1.0", risk="high").promoted("1.0.0").accept(hold_file(incident="INC-7"))
    opinions = (approve("raio"), approve("engineer"), approve("visitor"), approve("lead", decision="reject"))
    return here.judge(here.stage("1.1.0"), approvals=opinions)


def warned():
    """A rollback that may land, with a warning beside it."""
    here = World().registered("1.0.0", "1.1.0", risk="low").promoted("1.0.0").promoted("1.1.0")
    return here.judge(here.stage("1.0.0") | hold_file(), by="operator", at=None, live=False)


def allowed():
    """A suspension, to which nobody else has to agree."""
    return World().registered("1.0.0").judge(status_file("suspend"), by="operator")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("simulated", [(), SUPPOSED], ids=["real", "simulated"])
@pytest.mark.parametrize("verdict", [refused, warned, allowed])
def test_forms_of_a_verdict(form, simulated, verdict):
    said = FORMS[form](verdict(), simulated=simulated)
    tell(said if isinstance(said, str) else json.dumps(said, indent=1, sort_keys=True, default=str))


@pytest.mark.parametrize("name", PROFILES)
def test_what_a_profile_amounts_to(name):
    policy = load_policy(profile(name), "policies/policy.yaml")
    tell(json.dumps(filled(policy), indent=1, sort_keys=True, default=str))
    for row in entitlements(policy):
        tell(f"{row.what}: {row.may} / {row.agree} ({row.note})")


@pytest.mark.parametrize("name", PROFILES)
def test_how_clauses_stand_under_a_profile(name):
    policy = load_policy(profile(name), "policies/policy.yaml")
    for clause in CLAUSES:
        needs = [(need.field, need.shown, bool(need.met(policy))) for need in clause.needs]
        tell(f"{clause.id}: {standing(clause, policy)} {needs} {clause.rules} {clause.mechanism}")


def test_what_every_rule_is():
    for rule in RULES:
        found = explanations()[rule.code]
        tell(f"{rule.code} {rule.kind} {rule.severity} {rule.since} {rule.waivable} {rule.explanation} {found.docs}")
