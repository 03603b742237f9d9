"""Codes GM-Rnnn."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-R000": Code("placeholder", Exit.BUG, "report this"),
}
