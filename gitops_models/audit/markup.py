"""HTML from values: whatever is not markup already is text, escaped, with control and bidi characters made visible."""

from __future__ import annotations

from html import escape

from gitops_models.registry.text import visible

_VOID = frozenset({"meta", "link", "br", "hr", "col"})


class Markup(str):
    """Text that is HTML already; only :func:`element`, :func:`joined` and :func:`raw` make it."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: str) -> Markup:
    """Return an element; children that are plain text are escaped, and so are attributes.

    An underscore at the end of an attribute's name is dropped and one inside is a hyphen: ``class_``, ``http_equiv``.
    """
    listed = "".join(f' {key.rstrip("_").replace("_", "-")}="{shown(value)}"' for key, value in attributes.items())
    opened = f"<{name}{listed}>"
    return Markup(opened) if name in _VOID else Markup(f"{opened}{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """Return the children one after the other, plain text escaped."""
    return Markup("".join(child if isinstance(child, Markup) else shown(child) for child in children))


def shown(text: str) -> Markup:
    """Return plain text as HTML that shows it, in an element or in a quoted attribute, and does nothing else."""
    return Markup(escape(visible(text), quote=True))


def raw(text: str) -> Markup:
    """Return a constant of ours as it is: style sheets, the document type."""
    return Markup(text)
