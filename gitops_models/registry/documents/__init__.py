"""The documents of a repository, one class per kind (DESIGN.md sections 3 and 4)."""

from gitops_models.registry.documents._base import API_VERSION, Document, Part, Risk
from gitops_models.registry.documents.deletion import Deletion
from gitops_models.registry.documents.keys import GpgKey, Key, SigstoreKey, SshKey, ssh_blob, ssh_fingerprint
from gitops_models.registry.documents.lineage import (
    Architecture,
    ArtifactEntry,
    Code,
    DataRef,
    Environment,
    Features,
    Lineage,
    Metric,
    Parameters,
)
from gitops_models.registry.documents.model import Consumer, Interface, Model, Requirements, TensorSpec
from gitops_models.registry.documents.parsing import KINDS, document_class, parse_document, plain, render, validate
from gitops_models.registry.documents.people import (
    Actor,
    Compromised,
    ForgeKey,
    Login,
    People,
    Person,
    RoleGrant,
    Workload,
)
from gitops_models.registry.documents.repository import CheckDemand, Repository, Target, Targets
from gitops_models.registry.documents.safety import (
    Cause,
    Fallback,
    Hold,
    Poisoned,
    Quarantine,
    Resolution,
    Status,
    Urgency,
)
from gitops_models.registry.documents.stages import Evidence, Report, StageState
from gitops_models.registry.documents.waiver import Waiver

__all__ = [
    "API_VERSION",
    "KINDS",
    "Actor",
    "Architecture",
    "ArtifactEntry",
    "Cause",
    "CheckDemand",
    "Code",
    "Compromised",
    "Consumer",
    "DataRef",
    "Deletion",
    "Document",
    "Environment",
    "Evidence",
    "Fallback",
    "Features",
    "ForgeKey",
    "GpgKey",
    "Hold",
    "Interface",
    "Key",
    "Lineage",
    "Login",
    "Metric",
    "Model",
    "Parameters",
    "Part",
    "People",
    "Person",
    "Poisoned",
    "Quarantine",
    "Report",
    "Repository",
    "Requirements",
    "Resolution",
    "Risk",
    "RoleGrant",
    "SigstoreKey",
    "SshKey",
    "StageState",
    "Status",
    "Target",
    "Targets",
    "TensorSpec",
    "Urgency",
    "Waiver",
    "Workload",
    "document_class",
    "parse_document",
    "plain",
    "render",
    "ssh_blob",
    "ssh_fingerprint",
    "validate",
]
