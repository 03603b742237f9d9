"""The one error that gm raises on purpose: a stable code, what, where, why and what to do next.

Codes are ``GM-<letter><nnn>``; the letter is the layer that found the fault (D documents, S store, A artifacts,
T trust, P policy, F forge, R delivery, C command line). Every code stands in one table, one module per letter, with
its title, hint and exit status, so that a code can be looked up without reading the code that raises it.
"""

from collections.abc import Sequence

from gitops_models.errors.codes import Code, Exit, find_code

__all__ = ["Code", "Exit", "GmError", "find_code"]


class GmError(Exception):
    """A refusal or failure that a person can act on.

    ``message`` says what and why, ``where`` names the path, ref or object, ``hint`` says what to do next (the
    table's hint when none is given), ``details`` are further lines shown below the message.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        details: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.entry = find_code(code)
        self.code = code
        self.message = message
        self.where = where
        self.hint = hint or self.entry.hint
        self.details = tuple(details)

    @property
    def exit_status(self) -> Exit:
        """The process status this error ends with (DESIGN.md section 10)."""
        return self.entry.exit

    @property
    def docs(self) -> str:
        """The documentation entry of this code."""
        return f"docs/reference/codes.md#{self.code.lower()}"

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
