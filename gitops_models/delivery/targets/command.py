"""Engines that are told and asked by programs: ``reload: {command: …}`` and targets of kind ``command``.

A program gets what it has to know as arguments, the words in braces filled in once; there is no shell. Status 0 means
done, 75 (EX_TEMPFAIL) and a program that cannot be started or takes too long that another attempt may help, anything
else that the version is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitops_models.delivery.checks.fill import filled
from gitops_models.delivery.processes import TEMPORARY_FAILURE, Ended, run_program
from gitops_models.errors import GmError
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.delivery.targets.base import Order
    from gitops_models.delivery.targets.settings import CommandReload
    from gitops_models.delivery.values import ModelStage

_DIGEST = re.compile(rb"[0-9a-f]{64}")
_SHOWN = 80


class CommandEngine:
    """An engine behind the programs ``told``; each may take ``seconds``. ``name`` is for messages."""

    def __init__(self, name: str, told: CommandReload, seconds: float) -> None:
        self.name = name
        self.answers = told.observe is not None
        self._told = told
        self._seconds = seconds

    def load(self, order: Order) -> None:
        """Run ``load``, then ask what is served. GM-R312, GM-R314, GM-R315."""
        self._run(self._told.load, words_of(order))
        if self.answers and (said := self.digest(order.at)) != order.digest:
            raise GmError(
                "GM-R312", f"{self.name} serves {said or 'nothing'} after {order.digest}", where=str(order.at)
            )

    def unload(self, at: ModelStage) -> None:
        """Run ``unload`` if there is one. GM-R314, GM-R315."""
        if self._told.unload is not None:
            self._run(self._told.unload, at._asdict())

    def digest(self, at: ModelStage) -> str | None:
        """Run ``observe`` and read the one line that it prints. GM-R310 where it fails, GM-R313 for other words."""
        if self._told.observe is None:
            return None
        try:
            said = self._run(self._told.observe, at._asdict()).strip()
        except GmError as error:
            raise GmError("GM-R310", error.message, where=error.where) from error
        if said and _DIGEST.fullmatch(said) is None:
            shown = visible(said[:_SHOWN].decode("utf-8", "replace"))
            raise GmError("GM-R313", f"{self.name} answers no digest: {shown}", where=str(at))
        return said.decode() or None

    def _run(self, command: tuple[str, ...], words: Mapping[str, str]) -> bytes:
        program, *arguments = command
        try:
            ended = run_program([program, *(filled(text, words) for text in arguments)], seconds=self._seconds)
        except OSError as error:
            raise GmError("GM-R315", f"{self.name}: {program} cannot be started: {error.strerror}") from error
        if ended.status == 0:
            return ended.output
        raise self._refusal(program, ended)

    def _refusal(self, program: str, ended: Ended) -> GmError:
        if ended.status is None:
            return GmError("GM-R315", f"{self.name}: {program} did not end within {self._seconds:g} s")
        code = "GM-R315" if ended.status == TEMPORARY_FAILURE else "GM-R314"
        return GmError(code, f"{self.name}: {program} ended with {ended.status} {ended.words}".rstrip())


def words_of(order: Order) -> dict[str, str]:
    """Return what the words in braces mean for one order."""
    known = {"version": order.version, "sha256": order.digest, "path": str(order.folder)}
    return {**order.at._asdict(), **known}
