"""served-version: the server itself says that it serves the digest; that it answers at all proves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.delivery.checks.base import Finding
from gitops_models.delivery.checks.fill import filled, filled_address
from gitops_models.delivery.checks.oip import metadata, served_digests

if TYPE_CHECKING:
    from gitops_models.delivery.checks.base import Subject
    from gitops_models.delivery.checks.settings import ServedVersion
    from gitops_models.delivery.checks.web import Lines


def run(check: ServedVersion, subject: Subject, lines: Lines) -> Finding:
    """Ask for the metadata of the model; every digest that they name has to be the one that is wanted."""
    client = lines.client(filled_address(check.url, subject.words))
    said = served_digests(metadata(client, filled(check.name, subject.words)))
    wanted = subject.wanted.digest
    values = {"wanted": wanted[:12], "served": ", ".join(sorted(digest[:12] for digest in said))}
    if not said:
        return Finding(None, values, "the server does not say which digest it serves")
    if not all(wanted.startswith(digest) for digest in said):
        return Finding(passed=False, values=values, message=f"the server serves {values['served']}")
    return Finding(passed=True, values=values)
