"""Codes GM-Tnnn."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-T000": Code("placeholder", Exit.BUG, "report this"),
}
