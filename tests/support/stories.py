"""Registries to begin a test from, each told once and copied, and what an attacker does with plain Git."""

from gitops_models.registry import yamls
from gitops_models.registry.times import format_time
from gitops_models.trust.ledgerrefs import changes_topic
from gitops_models.trust.records import Acceptance, Decision, make_acceptance, make_decision
from tests.support import policy as documents
from tests.support.keys import ed25519_key
from tests.support.registry import NO_EVIDENCE, PEOPLE, SHORT, Registry, people_document

STAGES = ("staging", "production")
CROWD = {**PEOPLE, "lead2": ["technical-lead"], "domain2": ["domain-lead"]}
POLICY = "policies/policy.yaml"


def registry(path, **fields):
    """An empty registry with two stages."""
    return Registry(path, changes={**NO_EVIDENCE, **SHORT, **fields.pop("changes", {})}, people=CROWD, **fields)


def three_versions(path, risk="low"):
    """``fraud`` with 1.0.0, 1.1.0 and 1.2.0, each promoted to production after the other."""
    return two_versions(path, risk, "1.2.0")


def two_versions(path, risk="low", *more):
    """``fraud`` with 1.0.0 and 1.1.0, each promoted to production after the other."""
    story = registry(path)
    for version in ("1.0.0", "1.1.0", *more):
        story.version("fraud", version, risk=risk)
        story.live("fraud", version, *STAGES, risk=risk)
    return story


def two_models(path):
    """``fraud`` and ``spam`` of low risk, 1.0.0 registered and in staging, 1.1.0 of ``fraud`` registered."""
    story = registry(path)
    for model in ("fraud", "spam"):
        story.version(model, "1.0.0")
        story.live(model, "1.0.0", "staging")
    story.version("fraud", "1.1.0")
    return story


def weak_policy(story, **changes):
    """The accepted policy with promotions that nobody has to approve."""
    policy = yamls.load(story.history().state.snapshot.data(POLICY), POLICY)
    risks = {name: {**risk, "approve": "none"} for name, risk in policy["risks"].items()}
    return yamls.dump({**policy, "risks": risks, "version": policy["version"] + 1, **changes})


def better_policy(story, **changes):
    """The accepted policy with the next version number and these fields."""
    policy = yamls.load(story.history().state.snapshot.data(POLICY), POLICY)
    return yamls.dump({**policy, "version": policy["version"] + 1, **changes})


def people_without(*names, **changes):
    """A people file that lacks some of the crowd."""
    return people_document({name: roles for name, roles in CROWD.items() if name not in names}, **changes)


def stage_file(story, version, stage="production", model="fraud"):
    """A stage state as gm would write it."""
    pinned = story.history().state.snapshot.lineage_sha256(model, version)
    content = documents.document("StageState", model=model, stage=stage, version=version, lineage_sha256=pinned)
    return {f"models/{model}/stages/{stage}.yaml": content}


def acceptance(story, *, by, merge, head, change_id, main, at=None):
    """An acceptance record that says what the attacker likes."""
    time = format_time(at or story.clock.now())
    body = Acceptance(main=main, merge=merge, head=head, change_id=change_id, at=time, checkpoint=None)
    return make_acceptance(body, ed25519_key(by))


def decision(*, by, change_id, like, person=None, **fields):
    """A decision record like ``like``, signed by the key of ``by``."""
    values = {**like.body.model_dump(by_alias=True), "person": person or by, "previous": None, **fields}
    return make_decision(Decision.model_validate(values), change_id, ed25519_key(by))


def append(story, change_id, *records, by="engineer"):
    """Push records onto the ledger ref of a change, as whoever can push may."""
    for record in records:
        story.session(by).writer().append(change_id, record)


def ledger_ref(change_id):
    """The full name of a change's ledger ref."""
    return f"refs/gm/{changes_topic(change_id)}"


def denials(story, proposal):
    """The codes with which a proposal is denied now."""
    return story.check(proposal).verdict.codes


def last(story):
    """The last step of the line as it was judged."""
    return story.history().steps[-1]
