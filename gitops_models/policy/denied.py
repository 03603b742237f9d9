"""The error that carries a verdict: what the command line and the hook print when the policy says no."""

from gitops_models.errors import GmError
from gitops_models.policy.verdict import Verdict


class Denied(GmError):  # noqa: N818 - it reads as what happened, and every GmError is an error
    """A change that the judge did not allow; its first denial names the error, the verdict holds all of them."""

    def __init__(self, verdict: Verdict) -> None:
        first = verdict.denials[0]
        super().__init__(first.code, first.message, where=first.where, hint=first.hint, details=first.details)
        self.verdict = verdict
