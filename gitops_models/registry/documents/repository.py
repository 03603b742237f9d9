"""kinds Repository and Targets: what this repository is, and what is deployed for whom."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

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


class CheckDemand(Part):
    """A check that must pass, with its limits; what it runs stands in the reconciler's own file.

    Where that file gives a limit too, the stricter one holds.
    """

    id: Annotated[Name, about("Name of the check.", "answers")]
    required: Annotated[bool, about("Whether a version that does not pass must not be served.", example=True)] = True
    p95_below_ms: Annotated[
        float | None, Field(gt=0), about("Milliseconds that 95 of 100 answers stay below.", 100.0)
    ] = None
    accuracy_above: Annotated[
        float | None, Field(ge=0, lt=1), about("Part of the golden cases that must fit, strictly.", 0.9)
    ] = None
    absolute: Annotated[float | None, Field(ge=0), about("Difference of an answer that is no difference.", 1e-6)] = None
    relative: Annotated[float | None, Field(ge=0), about("The same as a part of the expected value.", 1e-5)] = None
    above: Annotated[float | None, about("The metric must be greater.", 0.9)] = None
    below: Annotated[float | None, about("The metric must be smaller.", 0.2)] = None


class Target(Part):
    """One place that serves; where it is stands in the reconciler's own file."""

    id: Annotated[Name, about("Identifier of the target.", "serving-eu")]
    stage: Annotated[Name, about("The stage it serves.", "production")]
    models: Annotated[Items[Glob], about("Models it serves, as patterns.", ["fraud*"])] = ("*",)
    checks: Annotated[
        Items[Name | CheckDemand],
        about(
            "Checks that must pass, by name, with their limits.", ["answers", {"id": "speed", "p95_below_ms": 100.0}]
        ),
    ] = ()

    @property
    def demands(self) -> tuple[CheckDemand, ...]:
        """The checks with their limits; a bare name is required and sets none."""
        return tuple(CheckDemand(id=one) if isinstance(one, str) else one for one in self.checks)


class Targets(Document):
    """What is deployed. The path is policies/targets.yaml."""

    kind: Annotated[Literal["Targets"], about("The kind of document.", "Targets")] = "Targets"
    targets: Annotated[
        Items[Target], about("The targets.", [{"id": "serving-eu", "stage": "production", "models": ["fraud*"]}])
    ] = ()
