"""Codes GM-Annn."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-A000": Code("placeholder", Exit.BUG, "report this"),
}
