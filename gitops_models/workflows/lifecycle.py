"""The life of a model after its versions: suspended for a while, resumed, retired for good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from gitops_models.errors import GmError
from gitops_models.registry.documents import Status, render, validate
from gitops_models.registry.names import parse_reference
from gitops_models.registry.times import format_time
from gitops_models.registry.trailers import GM_EVENT, GM_FROM, GM_MODEL, GM_RISK, GM_STAGE, GM_TO
from gitops_models.registry.values import dataclass
from gitops_models.workflows.naming import known_model, known_version
from gitops_models.workflows.promote import risk_of
from gitops_models.workflows.propose import Draft, Opened, propose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.registry.snapshot import Entry
    from gitops_models.workflows.session import Session

Action = Literal["suspend", "resume", "retire"]
_WORDS = {"suspend": "suspension", "resume": "resumption", "retire": "retirement"}
_STANDS = {"suspend": "suspended", "resume": "not suspended", "retire": "retired"}


@dataclass(frozen=True)
class Turn:
    """What is to happen to a model, or (retire only) to one version of it: ``fraud``, ``fraud@1.0.0``.

    ``undeploy`` takes what is retired out of every stage that serves it, in the same change.
    """

    reference: str
    action: Action
    reason: str
    undeploy: bool = False


@dataclass(frozen=True)
class Already:
    """Nothing to do: the model or version stands as it was asked to."""

    what: str


def turn(session: Session, wanted: Turn, *, dry_run: bool = False, no_push: bool = False) -> Opened | Already:
    """Open the proposal, or say that it stands so already.

    Raises GM-C245 where a retired model is to come back, GM-C246 where one version is to be suspended, GM-P520 where
    what is retired is live, GM-C14n for what is not there.
    """
    model, version = _meant(session, wanted)
    if wanted.action != "retire" and session.accepted.retired(model):
        raise GmError("GM-C245", f"{model} is retired", where=model)
    if _stands(session, wanted.action, model, version):
        return Already(f"{_named(model, version)} is {_STANDS[wanted.action]} already")
    live = dict(_live(session, model, version)) if wanted.action == "retire" else {}
    if live and not wanted.undeploy:
        raise GmError(
            "GM-P520",
            f"{_named(model, version)} is live in {', '.join(live)}",
            where=session.accepted.layout.stage_path(model, next(iter(live))),
        )
    return propose(session, _draft(session, wanted, model, version, live), dry_run=dry_run, no_push=no_push)


def _meant(session: Session, wanted: Turn) -> tuple[str, str | None]:
    reference = parse_reference(wanted.reference)
    if reference.version is None and reference.stage is None:
        return known_model(session, reference.model), None
    if wanted.action != "retire":
        raise GmError("GM-C246", f"a single version is not to be {wanted.action}d", where=wanted.reference)
    return known_version(session, wanted.reference)


def _stands(session: Session, action: Action, model: str, version: str | None) -> bool:
    if action == "retire":
        return session.accepted.retired(model, version)
    return session.accepted.suspended(model) == (action == "suspend")


def _live(session: Session, model: str, version: str | None) -> Iterator[tuple[str, str]]:
    """Stages that serve the model (or this version), with the version."""
    for stage in session.accepted.stages(model):
        state = session.accepted.stage_state(model, stage)
        if state is not None and version in {None, state.version}:
            yield stage, state.version


def _draft(session: Session, wanted: Turn, model: str, version: str | None, live: dict[str, str]) -> Draft:
    layout = session.accepted.layout
    number = max(session.accepted.status_numbers(model), default=0) + 1
    fields = {
        "model": model,
        "action": wanted.action,
        "version": version,
        "reason": wanted.reason,
        "by": session.actor(session.signer()).id,
        "created": format_time(session.clock.now()),
    }
    updates: dict[str, bytes | Entry | None] = {
        layout.status_path(model, number): render(validate(Status, fields, model)),
        **{layout.stage_path(model, stage): None for stage in live},
    }
    where = f"out of {', '.join(live)}" if live else "for good" if wanted.action == "retire" else "until further notice"
    return Draft(
        event=_WORDS[wanted.action],
        model=model,
        subject=f"{wanted.action}({model}): {version or 'the model'}, {where}",
        reason=wanted.reason,
        updates=updates,
        trailers=(
            (GM_EVENT, _WORDS[wanted.action]),
            (GM_MODEL, model),
            *((GM_STAGE, stage) for stage in live),
            *((GM_FROM, one) for one in dict.fromkeys(live.values())),
            *(((GM_TO, version),) if version else ()),
            (GM_RISK, risk_of(session, model)),
        ),
        **({"version": version} if version else {}),
    )


def _named(model: str, version: str | None) -> str:
    return f"{model}@{version}" if version else model
