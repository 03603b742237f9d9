import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.registry import documents as docs
from gitops_models.registry.paths import Layout, Place, model_scope

LAYOUT = Layout()
V = "models/fraud/versions/1.2.0"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("gm.yaml", Place("repository", "policy")),
        ("policies/policy.yaml", Place("policy", "policy")),
        ("policies/people.yaml", Place("people", "policy")),
        ("policies/targets.yaml", Place("targets", "policy")),
        ("policies/waivers/w-1.yaml", Place("waiver", "policy", name="w-1")),
        ("policies/tests/t.yaml", Place("policy-test", "policy", name="t")),
        ("policies/waivers/W.yaml", Place("extra", "policy")),
        ("policies/other/w.yaml", Place("extra", "policy")),
        ("policies/README.md", Place("extra", "policy")),
        ("policies", Place("other", "policy")),
        (".dvc", Place("other", "policy")),
        (".github/workflows", Place("other", "policy")),
        (".dvc/config", Place("dvc-config", "policy")),
        (".github/CODEOWNERS", Place("codeowners", "policy")),
        (".github/workflows/gm-policy.yml", Place("workflow", "policy", name="gm-policy.yml")),
        (".github/workflows/gm-policy.yaml", Place("workflow", "policy", name="gm-policy.yaml")),
        ("models/.gitignore", Place("gitignore", "policy")),
        ("models", Place("other", "policy")),
        ("models/fraud/model.yaml", Place("model", "model:fraud", "fraud")),
        ("models/fraud/triggers.yaml", Place("triggers", "model:fraud", "fraud")),
        (f"{V}/lineage.yaml", Place("lineage", "model:fraud", "fraud", "1.2.0")),
        (f"{V}/model.onnx.dvc", Place("pointer", "model:fraud", "fraud", "1.2.0", name="model.onnx")),
        (f"{V}/evidence/e-1.yaml", Place("evidence", "model:fraud", "fraud", "1.2.0", name="e-1")),
        (f"{V}/evidence/model.sig", Place("signature", "model:fraud", "fraud", "1.2.0", name="model.sig")),
        (f"{V}/evidence/lineage.sigstore.json",
         Place("signature", "model:fraud", "fraud", "1.2.0", name="lineage.sigstore.json")),
        ("models/fraud/stages/production.yaml", Place("stage-state", "model:fraud", "fraud", stage="production")),
        ("models/fraud/holds/production/3.yaml", Place("hold", "model:fraud", "fraud", stage="production", number=3)),
        ("models/fraud/quarantine/1.2.0/1.yaml", Place("quarantine", "model:fraud", "fraud", "1.2.0", number=1)),
        ("models/fraud/causes/inc-1.yaml", Place("cause", "model:fraud", "fraud", name="inc-1")),
        ("models/fraud/status/12.yaml", Place("status", "model:fraud", "fraud", number=12)),
    ],
)  # fmt: skip
def test_every_governed_path_has_its_place(path, place):
    assert LAYOUT.classify(path) == place


@pytest.mark.parametrize(
    "path",
    ["models/fraud/README.md", "models/fraud/model.yml", f"{V}/model.onnx", f"{V}/.dvc", f"{V}/-x.dvc",
     f"{V}/lineage.yml",
     "models/fraud/versions/v1/lineage.yaml", "models/fraud/versions/1.2.0", f"{V}/evidence/E.yaml",
      f"{V}/evidence/e.json",
     f"{V}/evidence/E.sigstore.json", f"{V}/other/e.yaml", "models/fraud/versions/1/evidence/e.yaml",
     "models/fraud/stages/Production.yaml", "models/fraud/stages/a/b.yaml", "models/fraud/stages/production",
     "models/fraud/holds/production/0.yaml", "models/fraud/holds/production/01.yaml", "models/fraud/holds/P/1.yaml",
     "models/fraud/holds/production/1", "models/fraud/quarantine/v1/1.yaml", "models/fraud/causes/C.yaml",
     "models/fraud/status/one.yaml", "models/fraud", "models/fraud/"],
)  # fmt: skip
def test_an_unknown_file_below_a_model_belongs_nowhere(path):
    assert LAYOUT.classify(path) == Place("other", "model:fraud", "fraud")


def test_a_stray_file_in_the_models_root_has_a_scope_of_its_own():
    assert LAYOUT.classify("models/README.md") == Place("other", "model:README.md")
    assert LAYOUT.classify("models/Fraud/model.yaml") == Place("other", "model:Fraud")


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "src/models/x",
        "modelsx/a",
        ".github/workflows/ci.yaml",
        ".github/workflows/gm-x.md",
        ".dvc/cache/x",
    ],
)
def test_other_paths_are_not_governed(path):
    assert LAYOUT.classify(path) is None
    assert not LAYOUT.mutable(path)


@pytest.mark.parametrize("pattern", [".github", ".github/", ".github/**"])
def test_governed_extras_cover_a_file_or_a_directory(pattern):
    layout = Layout(governed=(pattern,))
    assert layout.classify(".github/workflows/ci.yml") == Place("extra", "policy")
    assert layout.classify(".githubx") is None
    assert ".github" in layout.roots()


def test_the_layout_comes_from_the_repository_document():
    layout = Layout.of(docs.Repository(id="r", models="registry/models", governed=("serving/",)))
    assert layout == Layout("registry/models", ("serving/",))
    assert layout.classify("registry/models/fraud/model.yaml").model == "fraud"
    assert layout.classify("models/fraud/model.yaml") is None
    assert layout.roots()[0] == "registry/models"


def test_builders_make_the_paths_that_are_read():
    built = {
        "model": LAYOUT.model_path("m"),
        "triggers": LAYOUT.triggers_path("m"),
        "lineage": LAYOUT.lineage_path("m", "1.0.0"),
        "pointer": LAYOUT.pointer_path("m", "1.0.0", "x.onnx"),
        "evidence": LAYOUT.evidence_path("m", "1.0.0", "e"),
        "stage-state": LAYOUT.stage_path("m", "s"),
        "hold": LAYOUT.hold_path("m", "s", 1),
        "quarantine": LAYOUT.quarantine_path("m", "1.0.0", 1),
        "cause": LAYOUT.cause_path("m", "c"),
        "status": LAYOUT.status_path("m", 1),
        "gitignore": LAYOUT.gitignore_path,
    }
    assert {kind: LAYOUT.classify(path).kind for kind, path in built.items()} == {kind: kind for kind in built}
    assert {path for kind, path in built.items() if LAYOUT.mutable(path)} == {
        built[kind] for kind in ("model", "triggers", "stage-state", "cause", "gitignore")
    }


def test_policy_paths_are_mutable():
    assert all(LAYOUT.mutable(path) for path in ("gm.yaml", "policies/policy.yaml", "policies/waivers/w.yaml"))


@given(
    st.lists(
        st.sampled_from(["models", "fraud", "versions", "1.0.0", "evidence", "..", "", ".", "lineage.yaml", "\ud800"])
    )
)
def test_no_path_below_the_models_root_escapes_governance(parts):
    place = LAYOUT.classify("models/" + "/".join(parts))
    assert place is not None
    assert place.scope == "policy" or place.scope.startswith(model_scope(""))
