"""Where deployment records go: signed into the ledger's outbox at once, pushed when the remote answers."""

from __future__ import annotations

from dataclasses import asdict, replace
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from gitops_models.delivery.records import UNKNOWN_TIMES
from gitops_models.delivery.summaries import summaries
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.delivery.records import DeploymentRecord
    from gitops_models.trust.bodies import Deployment
    from gitops_models.trust.ledger import Ledger
    from gitops_models.trust.records import Record
    from gitops_models.trust.signing import Signer


_Attempt = tuple[str | None, ...]


@dataclass(frozen=True)
class Delivered:
    """How many records were sent and how many wait for the remote, with the reason."""

    sent: int = 0
    waiting: int = 0
    problem: GmError | None = None


class Recorder(Protocol):
    """Takes deployment records."""

    def put(self, record: DeploymentRecord) -> None:
        """Keep ``record`` so that a crash cannot lose it; putting the same attempt again changes nothing."""

    def flush(self) -> Delivered:
        """Deliver what waits. Never raises: a remote that is away must not stop deployments."""


class NoRecorder:
    """Records nothing: for a reconciler without a key."""

    def put(self, record: DeploymentRecord) -> None:
        """Forget ``record``."""

    def flush(self) -> Delivered:
        """Have nothing to deliver."""
        return Delivered()


class LedgerRecorder:
    """Signs with ``signer`` and sends through ``ledger`` (which needs a scribe) to ``refs/gm/deployments/<target>``."""

    def __init__(self, ledger: Ledger, signer: Signer) -> None:
        self._ledger = ledger
        self._signer = signer
        self._lock = Lock()
        self._put: dict[str, set[_Attempt]] = {}

    def put(self, record: DeploymentRecord) -> None:
        """Sign ``record`` and flush it to disk. Raises GM-T20x where it cannot be signed, GM-R302 for the disk."""
        from gitops_models.trust.ledgerrefs import deployments_topic  # noqa: PLC0415 - loads pydantic
        from gitops_models.trust.records import make_deployment  # noqa: PLC0415 - loads pydantic

        topic = deployments_topic(record.target)
        body = body_of(self._dated(record, topic))
        waiting = self._attempts(topic)
        if _attempt(body) in waiting:
            return
        signed = make_deployment(body, self._signer)
        try:
            self._ledger.outbox.put(topic, signed)
        except OSError as error:
            raise GmError("GM-R302", f"the outbox cannot be written: {error.strerror}", where=topic) from error
        waiting.add(_attempt(body))

    def _attempts(self, topic: str) -> set[_Attempt]:
        """What waits, read once: with a thousand records in the outbox each one more would read them all."""
        with self._lock:
            if topic not in self._put:
                self._put[topic] = {_attempt(one.body) for one in self._ledger.outbox.waiting(topic)}
            return self._put[topic]

    def _dated(self, record: DeploymentRecord, topic: str) -> DeploymentRecord:
        """Return a way back with the time at which the version that it replaces was made live here."""
        if record.times == UNKNOWN_TIMES or record.times.deployed or record.replaced is None:
            return record
        from gitops_models.trust.deployments import served_since  # noqa: PLC0415 - loads pydantic

        since = served_since(self._earlier(topic, record.target), record.model, record.stage, observed=record.replaced)
        return replace(record, times=replace(record.times, deployed=since))

    def _earlier(self, topic: str, target: str) -> Iterator[Record]:
        """The records of the target, the newest first: those that wait, then those that were sent."""
        yield from reversed(self._ledger.outbox.waiting(topic))
        yield from self._ledger.recent_deployments(target)

    def flush(self) -> Delivered:
        """Push everything that waits."""
        waiting = self._waiting()
        if not waiting:
            return Delivered()
        problem = None
        try:
            self._ledger.flush()
        except GmError as error:
            problem = error
        left = self._waiting()
        with self._lock:
            self._put.clear()
        return Delivered(waiting - left, left, problem)

    def _waiting(self) -> int:
        outbox = self._ledger.outbox
        return sum(len(outbox.waiting(topic)) for topic in outbox.topics())


def body_of(record: DeploymentRecord) -> Deployment:
    """Return the signed form of an ended ``record``; what the journal needs beyond it is left out."""
    from gitops_models.trust.bodies import Deployment  # noqa: PLC0415 - loads pydantic

    return Deployment.model_validate(
        {
            "main": record.commit,
            "target": record.target,
            "model": record.model,
            "stage": record.stage,
            "version": record.version,
            "lineage_sha256": record.lineage_sha256,
            "artifacts": record.artifacts,
            "change_id": record.change_id,
            "observed": record.observed,
            "started": record.started,
            "finished": record.finished,
            "result": record.result.value,
            "reason": record.reason,
            "override": record.override,
            "checks": summaries(record.checks),
            **{name: at for name, at in asdict(record.times).items() if at},
        }
    )


def _attempt(body: object) -> _Attempt:
    """What tells one attempt from another, however it ended."""
    return tuple(getattr(body, name, None) for name in ("target", "model", "stage", "version", "started"))
