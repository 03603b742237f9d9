"""The policies that ``gm init`` can write, and which clauses of a strict versioning policy each leaves open."""

from importlib import resources
from types import MappingProxyType

from gitops_models.errors import GmError

PROFILES = ("solo", "minimal", "regulated")

_NOT_YET = (
    "5.2 soak time and change freezes before production",
    "6.2 automated rollback where the risk allows it",
    "7 retention of records",
    "10 training of everyone who approves or proposes",
    "11 repeated violations lead to an external audit",
    "12 yearly review of the policy",
)

UNMET = MappingProxyType(
    {
        "solo": (
            "3 control of policy and people: anybody in people.yaml may change them",
            "4.1 data snapshots, feature schema and hyperparameters in every lineage",
            "4.2 coverage of code, prompts, pre- and postprocessing and evaluation",
            "5.1 sign-off by a second person at low risk, and the oversight committee at critical risk",
            "5.2 the stages development and validation, and documented test results",
            "6.3 the emergency committee for critical systems",
            *_NOT_YET,
        ),
        "minimal": (
            "4.1 data snapshots, feature schema and hyperparameters in every lineage",
            "4.2 coverage of code, prompts, pre- and postprocessing and evaluation",
            "5.2 documented test results in development and validation, security scans",
            *_NOT_YET,
        ),
        "regulated": _NOT_YET,
    }
)
"""Per profile the clauses (numbered as in a typical AI versioning and rollback policy) that it does not enforce."""


def profile(name: str) -> bytes:
    """Return the policy document of a profile, as ``gm init`` writes it. Raises GM-P707 for an unknown name."""
    if name not in PROFILES:
        raise GmError("GM-P707", f"no profile is called {name}", hint=f"choose one of {', '.join(PROFILES)}")
    return resources.files(__name__).joinpath(f"{name}.yaml").read_bytes()
