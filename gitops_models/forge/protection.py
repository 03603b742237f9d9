"""Whether a forge's settings leave a way round the gate. Pure: settings in, findings out.

What holds in the end is judged by whoever serves models; these settings decide whether what lands has been judged
before. What cannot be seen counts as the worst that it could be.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Level = Literal["ok", "warning", "problem", "not checked"]
UNSEEN, PINNED_TO_NOBODY, PINNED_TO_WORKFLOWS = "GM-F450", "GM-F454", "GM-F455"
METHODS, MESSAGE, BYPASS, ASLEEP, TAGS = "GM-F457", "GM-F458", "GM-F461", "GM-F462", "GM-F463"
MERGE = "merge"


class Need(StrEnum):
    """What the protected branch needs of the forge."""

    FORWARD = "force pushes"
    STAYS = "deletion"
    GATE = "required check"
    PULL_REQUEST = "pull requests"
    STALE = "stale reviews"
    LAST_PUSH = "last push"


@dataclass(frozen=True)
class Source:
    """What a need is met by: a ruleset, or the protection of the branch.

    ``bypass`` says who may pass by it: nothing for nobody, None where the forge does not tell.
    """

    name: str
    bypass: tuple[str, ...] | None


class Pin(StrEnum):
    """From whom the gate's check has to come."""

    NOBODY = "anybody who may set a status"
    WORKFLOWS = "any workflow"
    APP = "one App"
    REQUIRED_WORKFLOW = "a workflow that the organisation requires"


@dataclass(frozen=True)
class Settings:
    """How a forge protects ``branch``.

    ``met``: what each need is met by. ``pins``: from whom the gate's check has to come, one for each place that asks
    for it. ``methods``: the ways to merge that are not ruled out, None when the forge does not tell. ``message``:
    whether a merge on the page gets title and body of the proposal. ``unseen`` names the settings that were refused to
    whoever asked and could meet a need. ``asleep``: rulesets that are not in force. ``tags``: whether a ruleset for
    tags is. ``untold`` is what no answer says, with the command that tells it. ``remedies``: a command for a code.
    """

    branch: str
    met: Mapping[Need, tuple[Source, ...]]
    pins: tuple[Pin, ...] = ()
    methods: frozenset[str] | None = None
    message: bool | None = None
    unseen: tuple[str, ...] = ()
    asleep: tuple[str, ...] = ()
    tags: bool | None = None
    untold: Mapping[str, str] = field(default_factory=dict)
    remedies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """One setting that was looked at. A ``problem`` is a way round the gate; ``code`` is None where all is well."""

    what: str
    level: Level
    found: str
    code: str | None = None
    remedy: str = ""


@dataclass(frozen=True)
class _Demand:
    need: Need
    level: Level
    code: str
    good: str
    bad: str


_DEMANDS = (
    _Demand(Need.FORWARD, "problem", "GM-F451", "refused", "{branch} can be rewritten by a force push"),
    _Demand(Need.STAYS, "problem", "GM-F452", "refused", "{branch} can be deleted, and made again from anything"),
    _Demand(Need.GATE, "problem", "GM-F453", "gm-policy", "gm-policy is not required: nobody has to be judged"),
    _Demand(Need.PULL_REQUEST, "problem", "GM-F456", "needed", "{branch} can be pushed to without a pull request"),
    _Demand(Need.STALE, "warning", "GM-F459", "dismissed", "the page shows reviews of an older head as approvals"),
    _Demand(Need.LAST_PUSH, "warning", "GM-F460", "needs another's review", "whoever pushes last can approve it"),
)


def judge(settings: Settings) -> tuple[Finding, ...]:
    """Every finding, in the order of what they are about."""
    return (*_of_demands(settings), *_of_pins(settings), *_of_merging(settings), *_of_rulesets(settings))


def _of_demands(settings: Settings) -> Iterator[Finding]:
    for demand in _DEMANDS:
        met = settings.met.get(demand.need, ())
        if met:
            yield Finding(demand.need, "ok", demand.good)
            if demand.level == "problem":
                yield from _of_bypass(settings, demand, met)
        elif settings.unseen:
            yield _unseen(settings, demand.need, demand.level)
        else:
            yield _finding(settings, demand.need, demand.level, demand.code, demand.bad.format(branch=settings.branch))


def _of_bypass(settings: Settings, demand: _Demand, met: tuple[Source, ...]) -> Iterator[Finding]:
    """One place that nobody passes by is enough."""
    if any(source.bypass == () for source in met):
        return
    what = f"bypass of {demand.need}"
    silent = [source.name for source in met if source.bypass is None]
    if silent:
        found = f"the forge does not tell who may pass by {', '.join(silent)}"
        yield Finding(what, "not checked", found, remedy=settings.remedies.get(UNSEEN, ""))
        return
    who = ", ".join(dict.fromkeys(name for source in met for name in source.bypass or ()))
    yield _finding(settings, what, "problem", BYPASS, f"{who} may pass by {', '.join(one.name for one in met)}")


def _of_pins(settings: Settings) -> Iterator[Finding]:
    """The strictest place decides: all of them have to pass."""
    what, strong = "source of the check", {Pin.APP, Pin.REQUIRED_WORKFLOW} & set(settings.pins)
    if strong:
        yield Finding(what, "ok", ", ".join(sorted(strong)))
    elif Pin.WORKFLOWS in settings.pins:
        found = "any workflow can post gm-policy as the same App: whoever may push one passes the gate by"
        yield _finding(settings, what, "warning", PINNED_TO_WORKFLOWS, found)
    elif settings.pins:
        found = "gm-policy counts from anybody who may set a status"
        yield _finding(settings, what, "problem", PINNED_TO_NOBODY, found)


def _of_merging(settings: Settings) -> Iterator[Finding]:
    what, methods = "merge methods", settings.methods
    if methods is None:
        yield _unseen(settings, what, "warning")
    elif methods != {MERGE}:
        others = ", ".join(sorted(methods - {MERGE}))
        found = f"{others} allowed: the step is not what was signed" if others else "merge commits are not allowed"
        yield _finding(settings, what, "warning", METHODS, found)
    else:
        yield Finding(what, "ok", MERGE)
    what = "merge message"
    if settings.message is None:
        yield _unseen(settings, what, "warning")
    elif settings.message:
        yield Finding(what, "ok", "title and body of the pull request")
    else:
        yield _finding(settings, what, "warning", MESSAGE, "a merge on the page loses title and trailers")


def _of_rulesets(settings: Settings) -> Iterator[Finding]:
    for name in settings.asleep:
        yield _finding(settings, "rulesets", "warning", ASLEEP, f"{name} is not in force")
    if settings.tags is None:
        yield _unseen(settings, "version tags", "warning")
    elif not settings.tags:
        yield _finding(settings, "version tags", "warning", TAGS, "no ruleset keeps them as they are")
    for what, command in settings.untold.items():
        yield Finding(what, "not checked", "what gm asks does not tell", remedy=command)


def _unseen(settings: Settings, what: str, level: Level) -> Finding:
    hidden = ", ".join(settings.unseen) or "the settings of the repository"
    return _finding(settings, what, level, UNSEEN, f"cannot be seen with this token: {hidden}")


def _finding(settings: Settings, what: str, level: Level, code: str, found: str) -> Finding:
    return Finding(what, level, found, code, settings.remedies.get(code, ""))
