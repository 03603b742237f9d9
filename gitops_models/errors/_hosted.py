"""Codes GM-F43n and F44n: proposals that are pull requests of a forge."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-F430": Code(
        "no pull requests here", Exit.USAGE, "this repository's forge is Git alone: name a proposal instead"
    ),
}
