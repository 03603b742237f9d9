"""Whole members that are pickles, and members that could be taken for one."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from gitops_models.artifacts.scan.calls import Judge
from gitops_models.artifacts.scan.joblib import read_array
from gitops_models.artifacts.scan.outcome import Outcome
from gitops_models.artifacts.scan.pickles import Machine
from gitops_models.artifacts.scan.source import Broken, TooMuch, Unread
from gitops_models.artifacts.scan.values import NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_models.artifacts.scan.member import Member

_MOST_PICKLES = 16  # that lie one behind the other and are named
_MAGIC = 0x1950A86A20F9469CFC6C  # torch.serialization.MAGIC_NUMBER


def look_pickle(member: Member, offset: int = 0) -> Outcome:
    """Follow a pickle as ``pickle`` and as joblib would; whatever lies behind it is a finding, and is followed too."""
    judge = Judge(member.path, member.allow)
    plain = Machine(member.source(offset), judge)
    try:
        plain.run()
    except Unread as problem:
        if not plain.wrapped or not isinstance(problem, Broken):
            return _failed(judge, "pickle", problem)
    judge.astray = False
    machine = plain
    if plain.wrapped:
        machine = Machine(member.source(offset), judge, arrays=read_array)
        try:
            machine.run()
        except Unread as problem:
            return _failed(judge, "joblib", problem)
    _look_behind(machine, judge)
    return Outcome("joblib" if plain.wrapped else "pickle", judge.findings_of(), tuple(judge.imports))


def disguised(member: Member) -> Outcome:
    """Say what would happen where something that is no pickle were unpickled all the same."""
    judge = Judge(member.path, member.allow)
    source = member.source()
    complete = False
    try:
        with suppress(Broken):  # nothing else: whatever a loader might get past is a reason not to load it
            for _ in range(_MOST_PICKLES):  # PyTorch reads several of them, one behind the other
                _check_legacy(Machine(source, judge, persistent=_no_loader, strict=False).run())
                complete = True
            raise TooMuch("begins anew more often than is looked into")
    except Unread as problem:
        judge.fail(type(problem)(f"can be unpickled as well, and then {problem}"))
        return Outcome(None, judge.findings_of(), tuple(judge.imports))
    if not judge.imports or not (judge.calls or complete or _of_python(judge.imports)):
        return Outcome(None)
    names = ", ".join(list(judge.imports)[:3])
    judge.refuse(f"can be unpickled as well, and then imports {names}")
    return Outcome(None, judge.findings_of(), tuple(judge.imports))


def _check_legacy(value: Any) -> None:
    """PyTorch reads on behind its number, and then knows of persistent ids."""
    if value == _MAGIC or value is NUMBER:
        raise Unread("is of PyTorch's old form")


def _of_python(imports: Iterable[str]) -> bool:
    """Whether a module of Python itself is imported: some do something by that alone; a word is no module."""
    return any(name.partition(".")[0] in sys.stdlib_module_names for name in imports)


def _look_behind(machine: Machine, judge: Judge) -> None:
    source = machine.source
    at = source.position
    for _ in range(_MOST_PICKLES):
        byte = source.maybe()
        if not byte:
            return
        judge.position = at
        judge.fail(Unread("has something after its end"))
        source.back(byte)
        try:
            Machine(source, judge).run()
        except Unread:
            return


def _failed(judge: Judge, kind: str, problem: Unread) -> Outcome:
    judge.fail(problem)
    return Outcome(kind, judge.findings_of(), tuple(judge.imports))


def _no_loader(_what: Any) -> Any:
    raise Broken("asks its loader for a persistent id")
