"""gm trust bundle."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gitops_models.cli.options import of
from gitops_models.cli.output import emit

if TYPE_CHECKING:
    from gitops_models.trust.keyless.bundle import Proof

Bundle = Annotated[
    Path, typer.Option("--bundle", metavar="B", exists=True, dir_okay=False, help="The *.sigstore.json file.")
]
Identity = Annotated[str, typer.Option("--identity", metavar="I", help="Who must have signed: e-mail or URI.")]
Issuer = Annotated[str, typer.Option("--issuer", metavar="U", help="URL of the OIDC issuer that vouches for it.")]
TrustedRoot = Annotated[
    Path | None,
    typer.Option("--trusted-root", metavar="R", exists=True, dir_okay=False, help="A trusted_root.json."),
]
Staging = Annotated[bool, typer.Option("--staging", help="Use the root of Sigstore's staging instance.")]
PredicateType = Annotated[
    str | None, typer.Option("--predicate-type", metavar="T", help="The type that a statement must have.")
]
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


def command(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The signed file, or sha256:<hex> of it.")],
    *,
    bundle: Bundle,
    identity: Identity,
    issuer: Issuer,
    trusted_root: TrustedRoot = None,
    staging: Staging = False,
    predicate_type: PredicateType = None,
) -> None:
    """Verify a Sigstore bundle over a file, offline."""
    from gitops_models.trust.keyless.claims import SignedBy
    from gitops_models.workflows.keyless import Instance, check_bundle

    sha256 = _digest(file)
    proof = check_bundle(
        sha256, bundle, SignedBy(identity, issuer), Instance(trusted_root, staging), predicate_type=predicate_type
    )
    body = {"file": file, "sha256": sha256, "verdict": "good", "identity": identity, "issuer": issuer, **_body(proof)}
    lines = [f"good  {file}", f"  signed by {identity}", f"  vouched for by {issuer}", *_lines(proof)]
    emit(of(context), "BundleVerification", body, lines)


def _digest(file: str) -> str:
    from gitops_models.workflows.keyless import digest_of

    path = Path(file)
    if path.is_file():
        return digest_of(path)
    if named := _DIGEST.fullmatch(file):
        return named[1]
    raise typer.BadParameter(f"{file!r} is neither a file nor sha256:<64 hex>", param_hint="FILE")


def _body(proof: Proof) -> dict[str, Any]:
    return {
        "form": proof.form,
        "predicateType": proof.statement.predicate_type if proof.statement else None,
        "time": proof.time.isoformat() if proof.time else None,
        "logIndex": proof.log_index,
    }


def _lines(proof: Proof) -> list[str]:
    said = [f"  statement {proof.statement.predicate_type}"] if proof.statement else []
    when = [f"  time {proof.time.isoformat()}"] if proof.time else []
    return [*said, *when, f"  log index {proof.log_index}"]
