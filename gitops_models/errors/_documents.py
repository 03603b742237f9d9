"""Codes GM-Dnnn."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-D000": Code("placeholder", Exit.BUG, "report this"),
}
