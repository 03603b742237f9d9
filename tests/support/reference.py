"""The reference registry of this repository, read from its files."""

from gitops_models.artifacts.fetch import fetch_version
from gitops_models.artifacts.pointers import parse_pointer
from gitops_models.artifacts.readers import open_remote
from gitops_models.artifacts.remotes import remote_from_url
from gitops_models.registry.documents import parse_document

MODEL = "breast-cancer"
VERSIONS = ("1.0.0", "1.1.0", "1.2.0")
PROMPT = "result-letter"
PROMPT_VERSIONS = ("1.0.0", "1.1.0")
ALL = tuple((MODEL, version) for version in VERSIONS) + tuple((PROMPT, version) for version in PROMPT_VERSIONS)


def lineage_of(root, version, model=MODEL):
    path = root / "models" / model / "versions" / version / "lineage.yaml"
    return parse_document(path.read_bytes(), str(path), "Lineage")


def fetch_reference(root, version, destination, model=MODEL):
    """Copy a version's bytes out of examples/remote, each checked against its lineage."""
    folder = root / "models" / model / "versions" / version
    lineage = lineage_of(root, version, model)
    found = {
        entry.path: parse_pointer((folder / f"{entry.path}.dvc").read_bytes(), entry.path)
        for entry in lineage.artifacts
    }
    remote = open_remote(remote_from_url(str(root / "examples" / "remote"), root))
    return fetch_version(lineage, found, remote, destination)
