"""Options of the verbs that sign versions."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gitops_models.workflows.attest import Seal


class How(StrEnum):
    """Ways of signing where a version comes from."""

    KEYLESS = "keyless"


Sign = Annotated[How | None, typer.Option("--sign", help="Sign where it comes from, with the identity of the CI job.")]
Oms = Annotated[bool, typer.Option("--oms", help="Add model.sig, as OpenSSF model signing has it.")]
Key = Annotated[
    Path | None,
    typer.Option("--key", metavar="FILE", exists=True, dir_okay=False, help="Sign model.sig with this private key."),
]
SigstoreConfig = Annotated[
    Path | None,
    typer.Option(
        "--sigstore", metavar="FILE", exists=True, dir_okay=False, help="Client trust configuration of the instance."
    ),
]


def seal_of(*, sign: bool, oms: bool, key: Path | None, config: Path | None) -> Seal:
    """What is to be signed; GM-C193 where nothing says with what, or a key has nothing to sign."""
    from gitops_models.errors import GmError
    from gitops_models.workflows.attest import Seal

    if (oms and not sign and key is None) or (config is not None and not sign):
        raise GmError("GM-C193", "nothing says what to sign with")
    return Seal(provenance=sign, model=oms or key is not None, key=key, config=config)
