"""Data that DVC knows."""

import hashlib

import pytest

from gitops_models.artifacts.sources import (
    DvcItem,
    data_of_lock,
    data_of_pointers,
    producing_stages,
    read_dvc_file,
    read_lock,
)
from gitops_models.errors import GmError

RAW, CLEAN = b"raw", b"clean"


def md5(data):
    return hashlib.md5(data).hexdigest()


LOCK = f"""schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py
    deps:
    - path: data/raw.csv
      hash: md5
      md5: {md5(RAW)}
      size: 3
    - path: prepare.py
      hash: md5
      md5: {md5(b"code")}
      size: 4
    outs:
    - path: data/clean.csv
      hash: md5
      md5: {md5(CLEAN)}
      size: 5
  train:
    cmd: python train.py
    deps:
    - path: data/clean.csv
      md5: {md5(CLEAN)}
      size: 5
    - path: data/absent.csv
      md5: {md5(b"absent")}
      size: 6
    params:
      params.yaml:
        train.rate: 0.05
    outs:
    - path: model.onnx
      md5: {md5(b"model")}
      size: 5
  other:
    deps:
    - path: data/other.csv
    outs:
    - path: other.onnx
"""


@pytest.fixture
def repo(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "raw.csv").write_bytes(RAW)
    (tmp_path / "data" / "clean.csv").write_bytes(CLEAN)
    (tmp_path / "dvc.lock").write_text(LOCK)
    return tmp_path


def refused(call, *args):
    with pytest.raises(GmError) as caught:
        call(*args)
    assert caught.value.code == "GM-A603"


def test_the_lock_tells_stages_with_their_parameters(repo):
    stages = read_lock(repo / "dvc.lock")
    assert [stage.name for stage in stages] == ["prepare", "train", "other"]
    assert stages[1].parameters == {"params.yaml": {"train.rate": 0.05}}
    assert stages[1].outs == (DvcItem("model.onnx", md5(b"model"), 5),)


def test_the_stages_behind_a_model_are_found_back_to_the_first(repo):
    stages = read_lock(repo / "dvc.lock")
    assert [stage.name for stage in producing_stages(stages, ["model.onnx"])] == ["train", "prepare"]
    assert producing_stages(stages, ["unknown"]) == ()


def test_data_is_what_went_in_without_code_and_intermediate_files(repo):
    found = data_of_lock(repo, producing_stages(read_lock(repo / "dvc.lock"), ["model.onnx"]))
    assert [(item.path, item.state) for item in found] == [("data/absent.csv", "absent"), ("data/raw.csv", "present")]
    assert found[1].sha256 == hashlib.sha256(RAW).hexdigest()
    assert (found[0].sha256, found[0].md5) == (None, md5(b"absent"))


def test_bytes_that_are_not_those_recorded_get_no_sha256(repo):
    (repo / "data" / "raw.csv").write_bytes(b"RAW")
    found = data_of_lock(repo, read_lock(repo / "dvc.lock")[:1])
    assert [(item.state, item.sha256) for item in found] == [("modified", None)]


def test_pointers_below_the_root_are_found_but_not_in_excluded_or_hidden_folders(repo):
    pointer = f"outs:\n- md5: {md5(RAW)}\n  size: 3\n  hash: md5\n  path: raw.csv\nmeta: {{a: b}}\n"
    for folder in ("data", "models/m", ".dvc/tmp"):
        (repo / folder).mkdir(parents=True, exist_ok=True)
        (repo / folder / "raw.csv.dvc").write_text(pointer)
    (found,) = data_of_pointers(repo, exclude=["models"])
    assert (found.path, found.source, found.state) == ("data/raw.csv", "data/raw.csv.dvc", "present")
    assert found.sha256 == hashlib.sha256(RAW).hexdigest()


def test_a_path_outside_the_repository_is_not_followed(tmp_path):
    root = tmp_path / "repo"
    root.mkdir()
    (tmp_path / "secret").write_bytes(RAW)
    (root / "x.dvc").write_text(f"outs:\n- md5: {md5(RAW)}\n  path: ../secret\n")
    assert [item.state for item in data_of_pointers(root)] == ["absent"]


@pytest.mark.parametrize(
    "text",
    [
        "outs: 1\n",
        "outs: [1]\n",
        "outs: [{path: 1}]\n",
        "outs: [{path: a, md5: 1}]\n",
        "outs: [{path: a, size: x}]\n",
        "a: &x 1\n",
        "- 1\n",
    ],
)
def test_a_dvc_file_that_is_not_understood_is_refused(tmp_path, text):
    (tmp_path / "x.dvc").write_text(text)
    refused(read_dvc_file, tmp_path / "x.dvc")


@pytest.mark.parametrize(
    "text", ["stages: 1\n", "stages: {a: 1}\n", "stages: {a: {params: 1}}\n", "stages: {a: {deps: 1}}\n"]
)
def test_a_lock_that_is_not_understood_is_refused(tmp_path, text):
    (tmp_path / "dvc.lock").write_text(text)
    refused(read_lock, tmp_path / "dvc.lock")


def test_a_missing_file_keeps_its_own_code(tmp_path):
    with pytest.raises(GmError) as caught:
        read_lock(tmp_path / "dvc.lock")
    assert caught.value.code == "GM-A101"
