"""Whether it all holds: steps, version tags, ledger, checkpoints, claims, attached signatures.

A second look reads what came since the first: of what an earlier run judged or found good, only the ids are compared.
Where an answer depends on every step (keys declared compromised, checkpoints, receipts), every step is read.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from gitops_models.audit.findings import (
    Fault,
    Unaccepted,
    checkpoint_faults,
    compromised,
    ledger_faults,
    tag_faults,
    unaccepted,
)
from gitops_models.registry.values import dataclass
from gitops_models.registry.waivers import waivers_in_force
from gitops_models.trust.memory import load_memory, memory_path
from gitops_models.verification.checkpoints import Checkpoints, judge_checkpoints, staleness
from gitops_models.workflows.attached import attachments
from gitops_models.workflows.emergency_ratify import emergencies
from gitops_models.workflows.inspect import epochs, replay_all
from gitops_models.workflows.receipts import seen_receipts
from gitops_models.workflows.verified import Verified, all_lies, load_verified, save_verified, verified_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitops_models.registry.documents import Waiver
    from gitops_models.trust.memory import Pin
    from gitops_models.verification.history import History
    from gitops_models.verification.suspicion import Touch
    from gitops_models.workflows.attached import Attachment
    from gitops_models.workflows.receipts import SeenReceipt
    from gitops_models.workflows.session import Session

    Progress = Callable[[int, int], None]

__all__ = ["Verification", "verify"]


@dataclass(frozen=True)
class Verification:
    """What a replay found. ``steps`` counts by status; ``lies`` are claims of commits that are not so, by step.

    ``notices`` change nothing, ``touched`` is what compromised keys had a hand in, ``epochs`` are all pins of this
    clone, the one in force last.
    """

    pin: str
    tip: str
    steps: dict[str, int]
    unaccepted: tuple[Unaccepted, ...]
    blocked: dict[str, tuple[str, ...]]
    faults: tuple[Fault, ...]
    lies: dict[str, tuple[str, ...]]
    notices: tuple[Fault, ...] = ()
    touched: tuple[Touch, ...] = ()
    epochs: tuple[Pin, ...] = ()
    checkpoints: Checkpoints = field(default_factory=Checkpoints)
    attached: tuple[Attachment, ...] = ()
    receipts: tuple[SeenReceipt, ...] = ()
    waivers: tuple[Waiver, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong; what only waits for approvals is not wrong."""
        return not self.faults and all(one.standing != "blocking" for one in self.unaccepted)

    @property
    def waiting(self) -> tuple[Unaccepted, ...]:
        """Steps that lack nothing but approvals."""
        return tuple(one for one in self.unaccepted if one.standing == "waiting")


def verify(session: Session, *, anew: bool = False, progress: Progress | None = None) -> Verification:
    """Say whether the history, its tags and its ledger hold.

    Claims, tags and records that an earlier run found true are not looked at again while their ids are the same, unless
    all is to be judged ``anew``: as asked, or because the pin was named from outside and nothing in this ``.git`` is
    taken at its word. ``progress`` is told of steps that have to be judged again.
    """

    def reach(after: int) -> History:
        replay_all(session, progress, after=after)
        return session.history

    store, now, own = session.store, session.clock.now(), _is_own(session)
    kept = verified_path(store.common_dir)
    before = load_verified(kept, session.history, reach) if own and not anew else Verified()
    checkpoints = session.ledger.checkpoints()
    history = reach(0 if checkpoints or session.history.people.compromised else before.steps)
    known = judge_checkpoints(store, history, checkpoints, now=now)
    touched, unbounded = compromised(store, history)
    good, quiet = dict(before.tags), dict(before.quiet)
    found = (
        *tag_faults(store, history, session.remote, good),
        *ledger_faults(session.ledger, quiet),
        *checkpoint_faults(known, staleness(known.newest, history.policy.max_staleness_minutes, now)),
        *unbounded,
        *_unratified(session),
    )
    lies = all_lies(store, history, before, reach)
    receipts = seen_receipts(session, quiet, reach)
    if own:
        save_verified(kept, history, Verified(history.length, lies, good, quiet))
    return Verification(
        pin=history.pin,
        tip=history.tip,
        steps=history.statuses,
        unaccepted=unaccepted(history),
        blocked={scope: (why.step, *why.codes) for scope, why in sorted(history.state.blocked.items())},
        faults=tuple(fault for fault in found if fault.grave),
        notices=tuple(fault for fault in found if not fault.grave),
        touched=touched,
        epochs=epochs(session),
        checkpoints=known,
        lies=lies,
        attached=attachments(session),
        receipts=receipts,
        waivers=waivers_in_force(session.accepted, session.clock.now()),
    )


def _unratified(session: Session) -> Iterator[Fault]:
    """Emergencies that others should have agreed to by now: nothing speaks against the history itself."""
    for one in emergencies(session):
        if one.state == "overdue":
            what = f"the emergency {one.change_id[:8]} of {one.model} was not ratified in time"
            yield Fault("GM-P606", what, one.step, grave=False)


def _is_own(session: Session) -> bool:
    """Whether the history begins at this clone's own pin, so that what is found of it may be kept."""
    memory = load_memory(memory_path(session.store.common_dir))
    return memory is not None and memory.pin.commit == session.history.pin
