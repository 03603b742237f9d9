"""Codes GM-Fnnn."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-F000": Code("placeholder", Exit.BUG, "report this"),
}
