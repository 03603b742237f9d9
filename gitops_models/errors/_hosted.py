"""Codes GM-F43n and F44n: proposals that are pull requests of a forge."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-F430": Code(
        "no pull requests here", Exit.USAGE, "this repository's forge is Git alone: name a proposal instead"
    ),
    "GM-F431": Code(
        "the API and Git name different heads", Exit.CONFLICT, "somebody pushed, or one of them is behind: try again"
    ),
    "GM-F432": Code(
        "the merge is not what was judged",
        Exit.INTEGRITY,
        "nothing was accepted: look at the step with `gm show`, then approve or revert it",
    ),
    "GM-F434": Code(
        "somebody else's token", Exit.AUTHENTICATION, "sign in as yourself (`gh auth login`), or review there"
    ),
    "GM-F433": Code("a pull request into another branch", Exit.USAGE, "change its base, or open it again"),
}
