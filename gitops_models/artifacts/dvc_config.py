"""``.dvc/config`` read as data.

DVC itself reads it with ConfigObj, which interpolates ``%(name)s`` and knows lists and multi-line strings. A governed
document is never interpolated, so this takes the plain lines that ``dvc remote add`` writes and refuses the rest.
"""

import re
from collections.abc import Mapping

from gitops_models.errors import GmError

MAX_CONFIG_BYTES = 256 << 10
_SECTION = re.compile(r"\[\s*(?P<name>[^\[\]]+?)\s*\]\s*(#.*)?")
_PAIR = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_.-]*)\s*=\s*(?P<value>.*)")
_QUOTED = re.compile(r"""(?P<mark>["'])(?P<text>.*)(?P=mark)""")

Sections = Mapping[str, Mapping[str, str]]


def parse_config(data: bytes, where: str) -> Sections:
    """Sections by name as written without outer quotes (``remote "storage"``), options in lower case; GM-A301."""
    if len(data) > MAX_CONFIG_BYTES:
        raise GmError("GM-A301", f"configuration is larger than {MAX_CONFIG_BYTES} bytes", where=where)
    try:
        lines = data.decode().splitlines()
    except UnicodeDecodeError as error:
        raise GmError("GM-A301", "configuration is not UTF-8", where=where) from error
    sections: dict[str, dict[str, str]] = {}
    current: dict[str, str] | None = None
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith(("#", ";")):
            continue
        here = f"{where}:{number}"
        section = _SECTION.fullmatch(text)
        if section:
            current = _new_section(sections, section["name"], here)
            continue
        _add_pair(current, text, here)
    return sections


def _new_section(sections: dict[str, dict[str, str]], text: str, where: str) -> dict[str, str]:
    name = _unquoted(text, where)
    if name in sections:
        raise GmError("GM-A301", f"section [{name}] stands twice", where=where)
    return sections.setdefault(name, {})


def _add_pair(section: dict[str, str] | None, text: str, where: str) -> None:
    pair = _PAIR.fullmatch(text)
    if section is None or not pair:
        raise GmError("GM-A301", "line is neither a section nor `option = value`", where=where)
    key = pair["key"].lower()
    if key in section:
        raise GmError("GM-A301", f"option {key} stands twice", where=where)
    section[key] = _value(pair["value"].strip(), where)


def _value(text: str, where: str) -> str:
    if text.startswith(('"""', "'''")):
        raise GmError("GM-A301", "multi-line values are not read", where=where)
    if not text.startswith(('"', "'")):
        text = text.partition(" #")[0].rstrip()
    value = _unquoted(text, where)
    if "%(" in value or not value.isprintable():
        raise GmError("GM-A301", "values with `%(` or control characters are not read", where=where)
    return value


def _unquoted(text: str, where: str) -> str:
    if not text.startswith(('"', "'")):
        return text
    quoted = _QUOTED.fullmatch(text)
    if not quoted or quoted["mark"] in quoted["text"]:
        raise GmError("GM-A301", "quotes do not match", where=where)
    return quoted["text"]
