"""gm trust model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitops_models.cli.options import of
from gitops_models.cli.output import emit
from gitops_models.cli.trust_bundle_cmd import Staging, TrustedRoot

if TYPE_CHECKING:
    from gitops_models.trust.keyless.claims import SignedBy

Directory = Annotated[
    Path, typer.Argument(metavar="DIR", exists=True, file_okay=False, help="The directory of the model.")
]
Signature = Annotated[
    Path, typer.Option("--signature", metavar="S", exists=True, dir_okay=False, help="The model.sig file.")
]
Key = Annotated[
    Path | None,
    typer.Option("--key", metavar="K", exists=True, dir_okay=False, help="The signer's public key, PEM or OpenSSH."),
]
Identity = Annotated[str | None, typer.Option("--identity", metavar="I", help="Who must have signed: e-mail or URI.")]
Issuer = Annotated[str | None, typer.Option("--issuer", metavar="U", help="URL of the issuer that vouches for it.")]
Ignore = Annotated[list[Path] | None, typer.Option("--ignore", metavar="PATH", help="Leave this path out; repeatable.")]


def command(
    context: typer.Context,
    directory: Directory,
    *,
    signature: Signature,
    key: Key = None,
    identity: Identity = None,
    issuer: Issuer = None,
    trusted_root: TrustedRoot = None,
    staging: Staging = False,
    ignore: Ignore = None,
) -> None:
    """Verify an OpenSSF model signature over a directory, offline."""
    from gitops_models.workflows.keyless import Instance, check_model

    signer = _signer(key, identity, issuer)
    proof = check_model(directory, signature, signer, Instance(trusted_root, staging), ignored=ignore or ())
    manifest, size = proof.manifest, sum(file.size for file in proof.files)
    body = {
        "model": manifest.name,
        "sha256": manifest.digest,
        "verdict": "good",
        "key": str(key) if key else None,
        "identity": identity,
        "issuer": issuer,
        "method": "shards" if manifest.shard_size else "files",
        "files": len(proof.files),
        "bytes": size,
        "ignored": list(manifest.ignored),
    }
    lines = [f"good  {directory}", f"  {len(proof.files)} files, {size} bytes", f"  signed by {key or identity}"]
    emit(of(context), "ModelVerification", body, lines)


def _signer(key: Path | None, identity: str | None, issuer: str | None) -> "Path | SignedBy":
    from gitops_models.errors import GmError
    from gitops_models.trust.keyless.claims import SignedBy

    if key and not identity and not issuer:
        return key
    if identity and issuer and not key:
        return SignedBy(identity, issuer)
    raise GmError("GM-T731", "give the signer's --key, or --identity together with --issuer")
