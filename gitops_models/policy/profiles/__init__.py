"""The policies that ``gm init`` can write, and which clauses of a strict versioning policy each leaves open."""

from importlib import resources

from gitops_models.errors import GmError
from gitops_models.policy.clauses import CLAUSES, standing
from gitops_models.policy.document import load_policy

PROFILES = ("solo", "minimal", "regulated")


def profile(name: str) -> bytes:
    """Return the policy document of a profile, as ``gm init`` writes it. Raises GM-P707 for an unknown name."""
    if name not in PROFILES:
        raise GmError("GM-P707", f"no profile is called {name}", hint=f"choose one of {', '.join(PROFILES)}")
    return resources.files(__name__).joinpath(f"{name}.yaml").read_bytes()


def unmet(name: str) -> tuple[str, ...]:
    """Clauses of the *AI Model Versioning and Rollback Policy* that a profile leaves open, numbered as there."""
    policy = load_policy(profile(name), f"{name}.yaml")
    clauses = (clause for clause in CLAUSES if clause.document == "B")
    return tuple(f"{clause.id} {clause.must}" for clause in clauses if standing(clause, policy).lacking)
