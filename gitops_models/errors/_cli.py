"""Codes GM-Cnnn."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-C000": Code("placeholder", Exit.BUG, "report this"),
}
