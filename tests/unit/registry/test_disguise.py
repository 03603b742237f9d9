import pytest

from gitops_models.registry.disguise import disguised
from gitops_models.registry.documents import Repository
from gitops_models.registry.paths import Layout

ROOTS = Layout("Models", ("src/**",)).roots()


@pytest.mark.parametrize(
    "path",
    [
        "models/a",
        "MODELS",
        "Policies/x",
        "policie\u017f/x",
        ".DVC/config",
        "GM.yaml",
        "SRC/a",
        ".github/codeowners",
        ".github/workflows/GM-check.yml",
        ".GITHUB/workflows/gm-x.yml",
    ],
)
def test_a_governed_path_in_other_letters_is_in_disguise(path):
    assert disguised(path, ROOTS)


@pytest.mark.parametrize(
    "path",
    [
        "Models/a",
        "policies/x",
        "README.md",
        "ModelsX/a",
        "models-old/a",
        ".dvc/Config.md",
        ".github/workflows/CI.yml",
        ".github/workflows/gm-x.txt",
        "docs/Models/a",
        "src/A",
        ".github/CODEOWNERS",
    ],
)
def test_any_other_path_is_what_it_says(path):
    assert not disguised(path, ROOTS)


def test_a_path_in_disguise_is_governed_and_unknown():
    place = Layout.of(Repository(id="r")).classify("GM.yaml")
    assert place is not None
    assert (place.kind, place.scope) == ("other", "policy")
