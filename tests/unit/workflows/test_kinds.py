"""What a type of model says about the roles of its files."""

from pathlib import PurePath

import pytest

from gitops_models.workflows.kinds import guess_role, not_applicable


@pytest.mark.parametrize(
    ("kind", "name", "role"),
    [
        ("model", "model.onnx", "weights"),
        ("model", "environment.lock", "environment"),
        ("model", "train.py", "training-code"),
        ("model", "serve.py", "inference-code"),
        ("model", "helpers.py", "training-code"),
        ("prompt", "triage.md", "prompt"),
        ("prompt", "system.txt", "system-instruction"),
        ("prompt", "template.txt", "template"),
        ("prompt", "note.jinja", "template"),
        ("prompt", "evaluation", "evaluation"),
        ("prompt", "infer.py", "inference-code"),
        ("pipeline", "dvc.yaml", "training-code"),
        ("pipeline", "preprocess.sql", "preprocessing"),
        ("pipeline", "steps.whl", "binary"),
        ("configuration", "router.yaml", "configuration"),
        ("configuration", "benchmark.json", "benchmark"),
        ("unheard-of", "thing", "weights"),
    ],
)
def test_a_file_has_the_role_that_its_name_and_the_type_suggest(kind, name, role):
    assert guess_role(PurePath(name), kind) == role


def test_what_a_type_has_none_of_is_listed_where_the_policy_covers_it_and_no_file_is_there():
    covered = ["weights", "training-code", "inference-code", "prompt", "evaluation"]
    assert not_applicable("model", ["prompt"], {"weights"}, covered) == ["prompt"]
    assert not_applicable("prompt", [], {"prompt"}, covered) == ["weights", "training-code", "inference-code"]
    assert not_applicable("prompt", ["weights"], {"prompt", "inference-code"}, covered) == ["weights", "training-code"]
    assert not_applicable("prompt", [], {"prompt"}, ["evaluation"]) == []
