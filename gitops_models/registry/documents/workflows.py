"""CI workflows that sign for a workload without a key of its own."""

from typing import Annotated

from pydantic import Field, StringConstraints

from gitops_models.registry.documents._base import Line, Part, about

ForgeId = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,18}$")]
_IDENTITY = "https://github.com/acme/registry/.github/workflows/train.yml@refs/heads/main"


class Workflow(Part):
    """A workflow file at one ref, as the certificates of its runs name it.

    Names can be taken over when an account or repository is renamed or deleted, so both numeric ids are demanded
    beside them.
    """

    identity: Annotated[Line, about("The workflow file at its ref, as a URL.", _IDENTITY)]
    issuer: Annotated[Line, about("OIDC issuer.", "https://token.actions.githubusercontent.com")]
    repository_id: Annotated[ForgeId, about("Number of the repository on its forge.", "583231")]
    owner_id: Annotated[ForgeId, about("Number of the repository's owner on the forge.", "9919")]
    ref: Annotated[Line, Field(min_length=1), about("The ref that the run was for.", "refs/heads/main")]
    trigger: Annotated[Line, about("The event that started the run.", "push")] = "push"
    runner: Annotated[Line | None, about("Where it ran; null takes any runner.", "github-hosted")] = "github-hosted"

    @property
    def fingerprint(self) -> str:
        """A text that names issuer, workflow and repository."""
        return f"workflow:{self.issuer}#{self.repository_id}#{self.identity}"

    @property
    def signer(self) -> str:
        """The fingerprint that a key of the same identity would have."""
        return f"sigstore:{self.issuer}#{self.identity}"
