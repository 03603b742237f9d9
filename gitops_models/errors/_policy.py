"""Codes GM-Pnnn."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-P000": Code("placeholder", Exit.BUG, "report this"),
}
