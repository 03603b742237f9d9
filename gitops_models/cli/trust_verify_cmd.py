"""gm trust verify."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitops_models.cli.options import of
from gitops_models.cli.output import say, table
from gitops_models.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.workflows.plumbing import VerifiedObject

Revisions = Annotated[list[str] | None, typer.Argument(metavar="[REV...]", help="Commits, tags, or ranges a..b.")]
Everything = Annotated[bool, typer.Option("--all", help="Every commit that a ref reaches, and every tag.")]
AllowedSigners = Annotated[
    Path | None,
    typer.Option("--allowed-signers", metavar="FILE", exists=True, dir_okay=False, help="SSH keys (ssh-keygen(1))."),
]
GpgKeys = Annotated[
    list[Path] | None,
    typer.Option("--gpg-keys", metavar="FILE", exists=True, dir_okay=False, help="GPG public keys; may be repeated."),
]
Identity = Annotated[str | None, typer.Option("--identity", metavar="I", help="Keyless signer (gitsign) to accept.")]
Issuer = Annotated[str | None, typer.Option("--issuer", metavar="U", help="OIDC issuer that vouches for it.")]
TrustedRoot = Annotated[
    Path | None, typer.Option("--trusted-root", metavar="R", exists=True, dir_okay=False, help="A trusted_root.json.")
]
Touch = Annotated[bool, typer.Option("--require-touch", help="Only hardware keys that were touched.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Neither use nor keep earlier verdicts.")]


def command(
    context: typer.Context,
    revisions: Revisions = None,
    *,
    everything: Everything = False,
    allowed_signers: AllowedSigners = None,
    gpg_keys: GpgKeys = None,
    identity: Identity = None,
    issuer: Issuer = None,
    trusted_root: TrustedRoot = None,
    require_touch: Touch = False,
    no_cache: NoCache = False,
) -> int:
    """Verify the signatures of commits and tags in any Git repository."""
    from gitops_models.workflows.plumbing import Against, Selection, verify_objects

    options = of(context)
    if everything == bool(revisions):
        raise typer.BadParameter("give revisions, or --all", param_hint="REV")
    if (identity is None) != (issuer is None):
        raise typer.BadParameter("an identity means nothing without its issuer", param_hint="--identity, --issuer")
    if not (allowed_signers or gpg_keys or identity):
        raise typer.BadParameter("give --allowed-signers, --gpg-keys or --identity", param_hint="--allowed-signers")
    against = Against(allowed_signers, tuple(gpg_keys or ()), identity, issuer, trusted_root, require_touch)
    selection = Selection(tuple(revisions or ()), everything)
    found = verify_objects(options.repo, selection, against, cached=not no_cache)
    if lines := _json(found, verbose=options.verbose) if options.json else _text(found):
        print("\n".join(lines))  # noqa: T201 - data
    say(options, _summary(found))
    return Exit.OK if all(one.judged.good for one in found) else Exit.INTEGRITY


def _json(found: Sequence[VerifiedObject], *, verbose: bool) -> list[str]:
    """One JSON object per line: made for tools that read a stream."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    return [encode({**_body(one), **(_more(one) if verbose else {})}) for one in found]


def _body(one: VerifiedObject) -> dict[str, Any]:
    judged = one.judged
    return {
        "oid": one.chosen.oid,
        "type": one.chosen.type,
        "verdict": judged.verdict,
        "code": judged.code,
        "scheme": judged.scheme,
        "fingerprint": judged.fingerprint,
        "principal": ",".join(judged.principals) or None,
        "touch": judged.touch,
        "time": one.time,
    }


def _more(one: VerifiedObject) -> dict[str, Any]:
    return {"name": one.chosen.name, "pin": one.judged.pin, "detail": one.judged.detail}


def _text(found: Sequence[VerifiedObject]) -> list[str]:
    rows = [
        (
            one.chosen.oid[:12],
            one.chosen.name or one.chosen.type,
            one.judged.verdict,
            one.judged.code or "",
            one.judged.scheme or "",
            ",".join(one.judged.principals) or one.judged.detail,
        )
        for one in found
    ]
    return table(rows, ("OBJECT", "WHAT", "VERDICT", "CODE", "SCHEME", "WHO OR WHY")) if rows else []


def _summary(found: Sequence[VerifiedObject]) -> str:
    counted = Counter(one.judged.verdict for one in found)
    parts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counted.items())) or "none"
    return f"{len(found)} objects: {parts} (time: committer)"
