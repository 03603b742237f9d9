"""P7xx, policy and people: what must stay true of the rules themselves, judged by the accepted ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.policy.document import load_policy
from gitops_models.policy.quorums import unreachable_quorums
from gitops_models.policy.rule import Problem, Rule
from gitops_models.registry.paths import GM_YAML, PEOPLE_YAML, POLICY_SCOPE, POLICY_YAML

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context
    from gitops_models.policy.document import Policy
    from gitops_models.registry.documents import Model
    from gitops_models.registry.snapshot import Snapshot

RULING = (GM_YAML, POLICY_YAML, PEOPLE_YAML)


def _next_policy(context: Context) -> Policy | None:
    """Return the policy that the change would leave; None where it is removed."""
    if context.after.entry(POLICY_YAML) is None:
        return None
    return load_policy(context.after.data(POLICY_YAML), POLICY_YAML)


def version_grows(context: Context) -> Iterator[Problem]:
    """Demand that an edited policy has a higher version, so that readers can refuse to go back."""
    if not any(context.changed("policy")):
        return
    policy = _next_policy(context)
    if policy is not None and policy.version <= context.policy.version:
        yield Problem(f"version {policy.version} after version {context.policy.version}", POLICY_YAML)


def quorums_stay_reachable(context: Context) -> Iterator[Problem]:
    """Demand that a quorum in use that could be met before can be met after the change, by distinct people."""
    if POLICY_SCOPE not in context.change.scopes or _removed(context):
        return
    policy = _next_policy(context) or context.policy
    before = unreachable_quorums(context.policy, context.facts.people, _models(context.before), context.facts.at)
    after = unreachable_quorums(policy, context.after.people(), _models(context.before), context.facts.at)
    lost = tuple(what for what in after if what not in before)
    if lost:
        where = PEOPLE_YAML if any(context.changed("people")) else POLICY_YAML
        hint = "name somebody who can fill it first: `gm trust people add ID --role ROLE`"
        yield Problem("distinct people can no longer meet every quorum in use", where, lost, hint)


def _models(snapshot: Snapshot) -> list[Model]:
    return [snapshot.model(name) for name in snapshot.models()]


def stages_in_use_stay(context: Context) -> Iterator[Problem]:
    """Demand that a stage that still has a desired version is not dropped from the policy."""
    policy = _next_policy(context) if any(context.changed("policy")) else None
    if policy is None:
        return
    for model in context.before.models():
        for stage in context.before.stages(model):
            if stage in context.policy.stages and stage not in policy.stages:
                yield Problem(f"{model} is still deployed to {stage}", POLICY_YAML)


def repository_keeps_identity(context: Context) -> Iterator[Problem]:
    """Approvals are bound to the repository's id and line, and the models root says where to look."""
    if not any(context.changed("repository")) or _removed(context):
        return
    old, new = context.before.repository(), context.after.repository()
    for field in ("id", "line", "models"):
        if getattr(old, field) != getattr(new, field):
            yield Problem(f"{field} changes from {getattr(old, field)} to {getattr(new, field)}", GM_YAML)


def ruling_documents_stay(context: Context) -> Iterator[Problem]:
    """Without policy, people and repository nothing could be judged any more."""
    for path in _removed(context):
        yield Problem(f"{path} is removed", path)


def _removed(context: Context) -> tuple[str, ...]:
    return tuple(change.path for change in context.change.paths if change.path in RULING and change.after is None)


RULES = (
    Rule("GM-P702", version_grows, "Each policy has its number; a lower one is a rewind."),
    Rule("GM-P703", quorums_stay_reachable, "A change must not lock everybody out."),
    Rule("GM-P704", stages_in_use_stay, "What is deployed stays under rules."),
    Rule("GM-P705", repository_keeps_identity, "An approval for one repository is worth nothing in another."),
    Rule("GM-P706", ruling_documents_stay, "No policy means deny, for ever."),
)
