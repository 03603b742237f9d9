"""kinds Repository and Targets: what this repository is, and what is deployed for whom."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from gitops_models.registry.documents._base import Document, Items, Name, Part, about

RepositoryId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$")]
Directory = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$", max_length=200)
]
GovernedPath = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_.][A-Za-z0-9._-]*(/[A-Za-z0-9_.][A-Za-z0-9._-]*)*/?(\*\*)?$")
]
LineName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$")]
Glob = Annotated[str, StringConstraints(pattern=r"^[a-z0-9._*?-]+$", max_length=64)]


class Repository(Document):
    """The repository itself. The path is gm.yaml."""

    kind: Annotated[Literal["Repository"], about("The kind of document.", "Repository")] = "Repository"
    id: Annotated[RepositoryId, about("Identifier, made once; approvals are bound to it.", "9d1c9f1e-payments")]
    line: Annotated[LineName, about("The protected branch.", "main")] = "main"
    forge: Annotated[Name, about("Where reviews happen: git or github.", "git")] = "git"
    models: Annotated[Directory, about("Directory of the models.", "models")] = "models"
    governed: Annotated[Items[GovernedPath], about("Further governed paths.", [".github/"])] = ()


class Target(Part):
    """One place that serves; where it is stands in the reconciler's own file."""

    id: Annotated[Name, about("Identifier of the target.", "serving-eu")]
    stage: Annotated[Name, about("The stage it serves.", "production")]
    models: Annotated[Items[Glob], about("Models it serves, as patterns.", ["fraud*"])] = ("*",)
    checks: Annotated[Items[Name], about("Checks after a switch, by name.", ["golden"])] = ()


class Targets(Document):
    """What is deployed. The path is policies/targets.yaml."""

    kind: Annotated[Literal["Targets"], about("The kind of document.", "Targets")] = "Targets"
    targets: Annotated[
        Items[Target], about("The targets.", [{"id": "serving-eu", "stage": "production", "models": ["fraud*"]}])
    ] = ()
