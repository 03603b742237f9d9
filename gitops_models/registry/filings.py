"""Where the names in governed paths are filed, so that listings need no walk over all of them."""

from gitops_models.registry.paths import Place

GroupKey = tuple[str, ...]
Member = str | int

VERSIONS: GroupKey = ("versions",)
QUARANTINED: GroupKey = ("quarantined",)

# Per kind of place: the first word of its group key, the field that completes the key, and the field filed under it.
_FILED: dict[str, tuple[str, str | None, str]] = {
    "model": ("model", None, "model"),
    "lineage": ("versions", None, "version"),
    "pointer": ("pointers", "version", "name"),
    "evidence": ("evidence", "version", "name"),
    "signature": ("signatures", "version", "name"),
    "stage-state": ("stages", None, "stage"),
    "hold": ("holds", "stage", "number"),
    "quarantine": ("quarantine", "version", "number"),
    "deletion": ("deletions", "version", "number"),
    "cause": ("causes", None, "name"),
    "status": ("status", None, "number"),
    "waiver": ("waivers", None, "name"),
}
# How the paths begin, below the root of their scope, that are filed under a key of this first word.
_BEGINNINGS: dict[str, str] = {
    "model": "model.yaml",
    "versions": "versions/",
    "pointers": "versions/{}/",
    "evidence": "versions/{}/evidence/",
    "signatures": "versions/{}/evidence/",
    "stages": "stages/",
    "holds": "holds/{}/",
    "quarantine": "quarantine/{}/",
    "quarantined": "quarantine/",
    "deletions": "deletions/{}/",
    "causes": "causes/",
    "status": "status/",
    "waivers": "policies/waivers/",
}


def filings(place: Place | None) -> tuple[tuple[GroupKey, Member], ...]:
    """Where a place is filed: keys, and the member under each."""
    if place is None or place.kind not in _FILED:
        return ()
    word, second, field = _FILED[place.kind]
    member: Member = getattr(place, field)
    if second is None:
        return (((word,), member),)
    within: str = getattr(place, second)
    filing = ((word, within), member)
    return (filing, (QUARANTINED, within)) if place.kind == "quarantine" else (filing,)


def beginning(key: GroupKey) -> str:
    """How every path begins, below the root of its scope, that may be filed under ``key``; empty where any may be."""
    return _BEGINNINGS.get(key[0], "").format(*key[1:])
