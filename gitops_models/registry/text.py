"""Showing text from strangers: control, escape and bidirectional characters become visible escapes."""

import json
import re

# C0, DEL, C1, no-break space, soft hyphen, invisible and bidirectional formatting, line separators, interlinear
# marks, private use, tag characters. A fixed list instead of str.isprintable, whose answer changes with Python's
# Unicode tables: what one version writes raw another would escape. Bidi attacks: CVE-2021-42574.
_UNSAFE = (
    "\x00-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u205f-\u206f"
    "\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U000e0000-\U0010ffff"
)
UNSAFE = re.compile(f"[{_UNSAFE}]")
_UNSAFE_IN_LINES = re.compile(f"(?![\n\t])[{_UNSAFE}]")


def escape_character(character: str) -> str:
    r"""Return ``\x1b``, ``\u202e`` or ``\U000e0001``: the same spelling in Python, JSON (first two planes) and YAML."""
    point = ord(character)
    if point <= 0xFF:  # noqa: PLR2004 - the width of the escape
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"  # noqa: PLR2004 - the width of the escape


def visible(text: str, *, multiline: bool = False) -> str:
    """Return ``text`` safe to print: what a terminal or a reader could be fooled by is shown as an escape.

    With ``multiline`` newlines and tabs stay. Meant for output; it is not reversible.
    """
    pattern = _UNSAFE_IN_LINES if multiline else UNSAFE
    return pattern.sub(lambda match: escape_character(match.group()), text)


def visible_json(text: str) -> str:
    r"""Return JSON ``text`` safe to print: what could fool a reader becomes ``\u202e``, which is the same value."""
    return _UNSAFE_IN_LINES.sub(lambda match: json.dumps(match.group())[1:-1].replace("\x7f", "\\u007f"), text)


# User information ends at the last @ before the path; for browsers a backslash is a slash. It begins at the colon, not
# at the scheme, so that no text makes the search start again and again.
_USER_INFORMATION = re.compile(r":[/\\]{2,}([^/\\?#\s]*)@")


def names_a_user(text: str) -> bool:
    """Whether an address in ``text`` carries user information: ``https://user:secret@host``, ``https://token@host``.

    The bare user of an SSH address (``ssh://git@host/repository``) is a name that everybody shares, and allowed.
    """
    for found in _USER_INFORMATION.finditer(text):
        scheme, user = text[max(found.start() - 3, 0) : found.start()].lower(), found.group(1).lower()
        if scheme != "ssh" or ":" in user or "%3a" in user:
            return True
    return False
