"""Codes GM-Snnn."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-S000": Code("placeholder", Exit.BUG, "report this"),
}
