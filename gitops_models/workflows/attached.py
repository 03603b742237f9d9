"""What the signatures attached to the accepted versions are worth, for ``gm verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.registry.documents import SshKey
from gitops_models.registry.paths import BUNDLE_END
from gitops_models.registry.values import dataclass
from gitops_models.trust.keyless.provenance import attached_payload
from gitops_models.trust.oms.cover import check_cover
from gitops_models.trust.oms.envelope import open_with_key
from gitops_models.trust.oms.keys import parse_public_key
from gitops_models.verification.attached import root_of
from gitops_models.verification.provenance import MAY, MODEL_SIG, Version, attestations, signature_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_models.policy.facts import Attestation
    from gitops_models.registry.documents import People
    from gitops_models.registry.snapshot import Snapshot
    from gitops_models.workflows.session import Session

__all__ = ["Attachment", "attachments"]


@dataclass(frozen=True)
class Attachment:
    """One attached signature. ``by`` names whose it is; ``code`` says what does not hold, None when all does."""

    version: str
    path: str
    by: str | None
    code: str | None
    detail: str = ""


def attachments(session: Session) -> tuple[Attachment, ...]:
    """Check every signature attached to an accepted version, offline, by the people and root accepted now.

    A statement has to be by a workload that may sign provenance; ``model.sig`` by such a workload, or by a key of
    anybody in the people file.
    """
    accepted = session.accepted
    signed = _signed(accepted)
    models = sorted({model for model, _ in signed})
    versions = [(model, version) for model in models for version in accepted.versions(model)]
    return tuple(each for key in versions if key in signed for each in _of_version(session, *key))


def _signed(accepted: Snapshot) -> frozenset[tuple[str, str]]:
    """The versions that have an attached signature; most registries have few, and asking each version costs much."""
    scopes = [accepted.scope(name) for name in accepted.scope_names()]
    paths = (path for scope in scopes for end in (f"/{MODEL_SIG}", BUNDLE_END) for path in scope.ending(end))
    places = [accepted.place(path) for path in paths]
    return frozenset((place.model or "", place.version or "") for place in places if place.kind == "signature")


def _of_version(session: Session, model: str, version: str) -> Iterator[Attachment]:
    accepted, people = session.accepted, session.history.people
    names = signature_names(accepted, model, version)
    if not names:
        return
    place = Version(accepted, model, version)
    workloads = [load.id for load in people.workloads if MAY in load.may]
    root = root_of(accepted)
    for name in names:
        path = accepted.layout.signature_path(model, version, name)
        label = f"{model}@{version}"
        holder = _key_holder(accepted.data(path), people) if name == MODEL_SIG else None
        if holder is not None:
            yield _by_key(place, label, path, holder)
            continue
        yield _best(label, path, attestations(session.store, place, [name], people, workloads, root=root))


def _best(label: str, path: str, found: Sequence[Attestation]) -> Attachment:
    good = next((one for one in found if one.code is None), None)
    if good:
        return Attachment(label, path, good.workload, None)
    if not found:
        return Attachment(label, path, None, "GM-P332", "no workload may sign provenance")
    return Attachment(label, path, None, found[-1].code, found[-1].detail)


def _by_key(place: Version, label: str, path: str, holder: str) -> Attachment:
    try:
        check_cover(attached_payload(place.snapshot.data(path)), place.snapshot.lineage(place.model, place.name))
    except GmError as error:
        return Attachment(label, path, holder, error.code, error.message)
    return Attachment(label, path, holder, None)


def _key_holder(data: bytes, people: People) -> str | None:
    """Whose key of the people file signed a ``model.sig``, None where nobody's did."""
    barred = {entry.fingerprint for entry in people.compromised}
    known = [(person.id, person.keys) for person in people.people]
    known += [(load.id, load.keys) for load in people.workloads]
    for holder, keys in known:
        mine = [key for key in keys if isinstance(key, SshKey) and key.fingerprint not in barred]
        if any(_opens(data, key.key) for key in mine):
            return holder
    return None


def _opens(data: bytes, key: str) -> bool:
    try:
        open_with_key(data, parse_public_key(key.encode(), key))
    except GmError:
        return False
    return True
