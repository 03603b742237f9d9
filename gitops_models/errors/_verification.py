"""Codes GM-T6nn: history as a whole."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-T600": Code(
        "history was rewritten",
        Exit.INTEGRITY,
        "do not deploy from it; compare with a colleague's clone, restore the branch, and only then run it again",
    ),
    "GM-T601": Code(
        "a step is not accepted",
        Exit.INTEGRITY,
        "see `gm verify`; bring the files back with `gm restore`, or have the missing approvals signed",
    ),
    "GM-T602": Code(
        "the policy went back",
        Exit.INTEGRITY,
        "its acceptance was lost at the remote: `gm trust ledger restore` from a clone that saw it",
    ),
}
