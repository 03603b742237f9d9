"""Deployment records: what was made live where, when and by which commit, kept until the ledger has them.

A record is a claim about the past that its signer answers for. No reader takes it as proof of what is served now.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from gitops_models.delivery.checks.base import CheckResult
from gitops_models.delivery.summaries import plain_check
from gitops_models.delivery.values import Deployment, ModelStage, Observation
from gitops_models.registry.canonical import jcs, sha256_hex
from gitops_models.registry.times import format_time
from gitops_models.registry.values import dataclass


class Outcome(StrEnum):
    """How a deployment ended; ``intended`` stands only in the journal."""

    INTENDED = "intended"
    SUCCEEDED = "succeeded"
    HEALED = "healed"
    REMOVED = "removed"
    FAILED = "failed"


@dataclass(frozen=True)
class Times:
    """The exposure clock of a way back, each time as documents write it and ``None`` where it is not known.

    When the version that is replaced was made live, when its fault was seen, when the way back was proposed, when the
    last approval that it needed was given, when it was merged, when the good version was served, when that was checked.
    """

    deployed: str | None = None
    detected: str | None = None
    initiated: str | None = None
    authorized: str | None = None
    merged: str | None = None
    restored: str | None = None
    validated: str | None = None

    def over(self, earlier: "Times") -> "Times":
        """Return these times, those of ``earlier`` where one is missing."""
        return Times(**{**asdict(earlier), **{name: at for name, at in asdict(self).items() if at is not None}})


UNKNOWN_TIMES = Times()


@dataclass(frozen=True)
class DeploymentRecord:
    """One change of what a target serves. Times as documents write them, digests in hex.

    ``digest`` is what was to be served (``None``: nothing), ``observed`` what was hashed afterwards, ``replaced``
    what was hashed before, ``override`` the sha256 of the statement that asked for it instead of Git, ``checks`` what
    the checks around the switch came to.
    """

    target: str
    model: str
    stage: str
    version: str | None
    lineage_sha256: str | None
    artifacts: tuple[str, ...]
    digest: str | None
    commit: str | None
    change_id: str | None
    replaced: str | None
    started: str
    result: Outcome = Outcome.INTENDED
    reason: str = ""
    observed: str | None = None
    finished: str | None = None
    override: str | None = None
    checks: tuple[CheckResult, ...] = ()
    times: Times = UNKNOWN_TIMES

    @property
    def name(self) -> str:
        """The identity of the attempt: the same before and after it ended, so that it is recorded once."""
        begun = {key: value for key, value in to_mapping(self).items() if key not in _ENDING}
        return sha256_hex(jcs(begun))

    def ended(
        self,
        result: Outcome,
        *,
        observed: str | None,
        at: datetime,
        reason: str = "",
        checks: tuple[CheckResult, ...] = (),
        times: Times = UNKNOWN_TIMES,
    ) -> "DeploymentRecord":
        """Return the record of how the attempt ended; ``checks`` and ``times`` add to those that it has.

        What was served at the end of a way back had passed its checks: it is recorded after them.
        """
        known = times.over(self.times)
        if known.restored and not known.validated and result in {Outcome.SUCCEEDED, Outcome.REMOVED}:
            known = replace(known, validated=format_time(at))
        return replace(
            self,
            result=result,
            observed=observed,
            finished=format_time(at),
            reason=reason or self.reason,
            checks=(*self.checks, *checks),
            times=known,
        )

    def is_made(self, now: Observation) -> bool:
        """Whether what was intended is what is served ``now``."""
        return now.empty if self.digest is None else now.serves(self.digest)

    @property
    def success(self) -> Outcome:
        """How it ends where it ends well."""
        if self.digest is None:
            return Outcome.REMOVED
        return Outcome.HEALED if self.reason else Outcome.SUCCEEDED

    def served(self, at: datetime) -> "DeploymentRecord":
        """Return the record of a switch that was made: on a way back that is when the good version came back."""
        if self.times == UNKNOWN_TIMES:
            return self
        return replace(self, times=replace(self.times, restored=format_time(at)))

    def taken_back(self, *, detected: datetime, restored: datetime) -> "DeploymentRecord":
        """Return the record of a version that did not pass its checks and was replaced by the one before it."""
        times = Times(deployed=self.started, detected=format_time(detected), restored=format_time(restored))
        return replace(self, times=times)


_LATER = frozenset({"checks", "times"})  # journals of earlier versions have none
_ENDING = _LATER | {"result", "reason", "observed", "finished"}


@dataclass(frozen=True)
class Circumstances:
    """Why and when something is deployed: the observed commit, the change that asked for it, the time.

    ``times`` is the clock of the way back that it completes.
    """

    commit: str | None
    change_id: str | None
    at: datetime
    times: Times = UNKNOWN_TIMES


def intend(
    target: str, at: ModelStage, wanted: Deployment | None, *, replaced: str | None, why: Circumstances, reason: str
) -> DeploymentRecord:
    """Return the record of a deployment that is about to begin; ``wanted`` is ``None`` for a retirement."""
    return DeploymentRecord(
        target=target,
        model=at.model,
        stage=at.stage,
        version=wanted.label if wanted else None,
        lineage_sha256=wanted.lineage_sha256 if wanted else None,
        artifacts=tuple(artifact.sha256 for artifact in wanted.artifacts) if wanted else (),
        digest=wanted.digest if wanted else None,
        commit=why.commit,
        change_id=None if wanted and wanted.override else why.change_id,
        replaced=replaced,
        started=format_time(why.at),
        reason=reason,
        override=wanted.override if wanted else None,
        times=why.times,
    )


def to_mapping(record: DeploymentRecord) -> dict[str, Any]:
    """Return the plain value of ``record``, as the journal keeps it."""
    plain = {field.name: getattr(record, field.name) for field in fields(record)}
    return {
        **plain,
        "artifacts": list(record.artifacts),
        "result": record.result.value,
        "checks": [plain_check(check) for check in record.checks],
        "times": asdict(record.times),
    }


def render_record(record: DeploymentRecord) -> bytes:
    """Return the canonical JSON of ``record``."""
    return jcs(to_mapping(record))


def parse_record(value: Mapping[str, Any]) -> DeploymentRecord:
    """Read what ``render_record`` wrote. Raises ``TypeError`` or ``ValueError`` for anything else."""
    if set(value) | _LATER != {field.name for field in fields(DeploymentRecord)}:
        raise ValueError("not the fields of a deployment record")
    read = {
        "artifacts": tuple(value["artifacts"]),
        "result": Outcome(value["result"]),
        "checks": tuple(CheckResult(**check) for check in value.get("checks", ())),
        "times": Times(**value.get("times", {})),
    }
    return DeploymentRecord(**{**value, **read})
