"""Requirement lines out of the lock files of uv, poetry, pip and conda: bytes and the path to show go in."""

import tomllib
from collections.abc import Iterator
from typing import Any

from gitops_models.errors import GmError
from gitops_models.registry import yamls

_LOCAL_SOURCES = ("virtual", "editable")
_PATH_SOURCES = ("directory", "path", "url")


def uv_lines(data: bytes, where: str) -> Iterator[str]:
    """Read uv.lock; the project itself is not one of its requirements."""
    for package in _packages(data, where):
        source = package.get("source")
        kinds = source if isinstance(source, dict) else {}
        if any(kind in kinds for kind in _LOCAL_SOURCES):
            continue
        yield _requirement(package, _uv_address(kinds), where)


def poetry_lines(data: bytes, where: str) -> Iterator[str]:
    """Read poetry.lock."""
    for package in _packages(data, where):
        source = package.get("source")
        yield _requirement(package, _poetry_address(source) if isinstance(source, dict) else None, where)


def requirement_lines(data: bytes, where: str) -> Iterator[str]:
    """Read a pip requirements file: comments and line breaks go, options and hashes stay as written."""
    text = _text(data, where).replace("\\\r\n", " ").replace("\\\n", " ")
    for line in text.splitlines():
        words = line.split()
        comment = next((index for index, word in enumerate(words) if word.startswith("#")), len(words))
        if comment:
            yield " ".join(words[:comment])


def conda_lines(data: bytes, where: str) -> Iterator[str]:
    """Read a conda environment file: its dependencies, those of pip among them."""
    try:
        document = yamls.load(data, where)
    except GmError as error:
        raise GmError("GM-A604", f"conda environment is not plain YAML: {error.message}", where=where) from error
    dependencies = document.get("dependencies")
    if not isinstance(dependencies, list):
        raise GmError("GM-A604", "conda environment has no list of dependencies", where=where)
    for item in dependencies:
        yield from _conda_item(item, where)


def _conda_item(item: Any, where: str) -> Iterator[str]:
    nested = item.get("pip") if isinstance(item, dict) else None
    for line in nested if isinstance(nested, list) else [item]:
        if not isinstance(line, str):
            raise GmError("GM-A604", "conda environment has a dependency that is no text", where=where)
        yield "".join(line.split())


def _packages(data: bytes, where: str) -> list[dict[str, Any]]:
    try:
        document = tomllib.loads(_text(data, where))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise GmError("GM-A604", f"lock file is not TOML: {error}", where=where) from error
    packages = document.get("package", [])
    if not isinstance(packages, list) or not all(isinstance(package, dict) for package in packages):
        raise GmError("GM-A604", "lock file has no list of packages", where=where)
    return packages


def _requirement(package: dict[str, Any], address: str | None, where: str) -> str:
    name, version = package.get("name"), package.get("version")
    if not isinstance(name, str) or not (address or isinstance(version, str)):
        raise GmError("GM-A604", "lock file has a package without name and version", where=where)
    return f"{name} @ {address}" if address else f"{name}=={version}"


def _uv_address(source: dict[str, Any]) -> str | None:
    if "git" in source:
        return f"git+{source['git']}"
    return next((str(source[kind]) for kind in _PATH_SOURCES if kind in source), None)


def _poetry_address(source: dict[str, Any]) -> str | None:
    kind, url = source.get("type"), source.get("url")
    if kind == "git":
        return f"git+{url}@{source.get('resolved_reference', source.get('reference', ''))}"
    return str(url) if kind in {"file", "directory", "url"} else None


def _text(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise GmError("GM-A604", "lock file is not UTF-8", where=where) from error
