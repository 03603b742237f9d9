"""Who takes part in a policy test: three persons of every role, two workloads, and whom the test adds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gitops_models.registry.documents import Actor, plain
from gitops_models.registry.times import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from gitops_models.policy.document import Policy
    from gitops_models.registry.documents import People
    from gitops_models.registry.documents.policytest import GivenPerson

OF_EACH = 3
CI = "ci"
WORKLOADS: dict[str, list[str]] = {
    CI: ["evidence-added", "provenance", "version-registered", "promoted"],
    "monitor": ["rolled-back", "hold-placed", "quarantined", "cause-opened"],
}
_WORKFLOW = {
    "identity": "https://forge.example/policy-test/.github/workflows/ci.yml@refs/heads/main",
    "issuer": "https://issuer.example",
    "repository_id": "1",
    "owner_id": "2",
    "ref": "refs/heads/main",
}


def first(role: str) -> str:
    """The first of the persons of a role."""
    return f"{role}-1"


def people_document(
    policy: Policy, added: Iterable[GivenPerson], at: datetime, without: Iterable[str] = ()
) -> dict[str, Any]:
    """The people file: ``added`` persons take the place of those with their id, ``without`` leave."""
    persons: dict[str, dict[str, Any]] = {
        f"{role}-{number}": {"roles": [role]} for role in policy.roles for number in range(1, OF_EACH + 1)
    }
    for one in added:
        persons[one.id] = {key: value for key, value in plain(one).items() if key != "id"}
    for name in without:
        persons.pop(name, None)
    return {
        "apiVersion": "gitops-models/v1",
        "kind": "People",
        "people": [_person(policy, name, said, at) for name, said in persons.items()],
        "workloads": [
            {"id": name, "may": may, "emails": [_email(name)], **({"workflows": [_WORKFLOW]} if name == CI else {})}
            for name, may in WORKLOADS.items()
        ],
    }


def _person(policy: Policy, name: str, said: dict[str, Any], at: datetime) -> dict[str, Any]:
    topics = policy.training.topics if policy.training else ()
    yesterday = format_time(at - timedelta(days=1))[: len("2026-11-24")]
    return {"id": name, "emails": [_email(name)], "training": dict.fromkeys(topics, yesterday), **said}


def _email(name: str) -> str:
    return f"{name}@example.org"


def actor(people: People, name: str) -> Actor:
    """The actor of a person or workload; somebody whom nobody knows signs as a person."""
    load = people.workload(name)
    if load is not None:
        return Actor("workload", name, load.emails, None, frozenset(load.may))
    return Actor("person", name, (_email(name),), None, None)
