"""Why a signature does not count: raised inside this package, turned into a verdict at its border."""

from typing import Literal

__all__ = ["FaultVerdict", "SignatureProblem"]

FaultVerdict = Literal["malformed", "bad", "untrusted", "unsigned"]


class SignatureProblem(Exception):  # noqa: N818 - it is a verdict on its way, not a failure of the program
    """One reason why a signed object is not good.

    ``code`` is a row of the GM-T table, ``verdict`` the word it amounts to (TRUST.md section 1): ``malformed`` for
    a form that nobody honest produces, ``bad`` for a signature that does not fit, ``untrusted`` for one that this
    program cannot check.
    """

    def __init__(
        self, code: str, detail: str, *, verdict: FaultVerdict = "malformed", fingerprint: str | None = None
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.verdict: FaultVerdict = verdict
        self.fingerprint = fingerprint
