"""Where a reconciler listens: part of the operator's own file."""

import ipaddress
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from gitops_models.delivery.fields import Place, local
from gitops_models.registry.documents import Part
from gitops_models.registry.documents._base import Line, about

SECONDS_OF_SILENCE = 3600


def _an_address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise ValueError("must be an IP address of this machine, such as 127.0.0.1 or ::") from error


class Listen(Part):
    """One listener: /metrics, /healthz, /readyz, and /wake where a secret is named. Plain HTTP, for this machine."""

    address: Annotated[
        Line,
        AfterValidator(_an_address),
        about("Address to listen at; this machine alone is the default.", "127.0.0.1"),
    ] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535), about("Port; 0 takes any that is free.", 9471)] = 9471
    wake_secret: Annotated[
        Place | None, about("File with the secret that POST /wake is signed with; without it nothing wakes.", "wake")
    ] = None
    silence: Annotated[
        int, Field(ge=60, le=86400), about("Seconds without a sign of life after which /healthz says no.", 3600)
    ] = SECONDS_OF_SILENCE

    def beside(self, base: Path) -> "Listen":
        """Return this with the path of the secret, which is relative to ``base``."""
        return self.model_copy(update={"wake_secret": local(self.wake_secret, base)}) if self.wake_secret else self
