"""What stands between the files and those who ask may lie, and the files may change under it."""

import json

import pytest

from gitops_models.delivery.inference.runtime import load_onnx
from gitops_models.delivery.inference.shelf import Shelf
from gitops_models.delivery.targets.directory import DirectoryTarget
from gitops_models.delivery.targets.http import HttpEngine
from gitops_models.delivery.targets.settings import HttpReload
from gitops_models.delivery.values import ModelStage
from tests.support.delivery import Bytes, deployment, desired, settle
from tests.support.engines import engine
from tests.support.models import linear_onnx
from tests.support.refusals import refused

AT = ModelStage("fraud", "production")
CONTENT = {"1.0.0": {"model.onnx": linear_onnx((1.0, 0.0))}, "1.1.0": {"model.onnx": linear_onnx((0.0, 1.0))}}
ONE, TWO = (deployment(version, CONTENT[version]) for version in CONTENT)


@pytest.fixture
def liar():
    with engine() as made:
        yield made


@pytest.fixture
def target(tmp_path, liar):
    told = HttpReload.model_validate({"load": f"{liar.url}/load", "observe": {"url": liar.url}})
    return DirectoryTarget(tmp_path / "srv", engine=HttpEngine("engine", told, 5))


def says(digest):
    return (200, json.dumps({"ready": True, "state": "READY", "parameters": {"sha256": digest}}).encode())


@pytest.mark.attack("an engine says READY and serves another version", "GM-R312", by="node")
def test_readiness_is_no_proof_of_what_is_served(target, liar):
    liar.answers["GET"] = says(TWO.digest)
    refused("GM-R312", settle, target, desired(ONE), Bytes(CONTENT))
    seen = target.observe(AT)
    assert (seen.serves(ONE.digest), seen.digest) == (False, TWO.digest)


@pytest.mark.attack("an engine's answer about itself is no digest", "GM-R313", by="node")
@pytest.mark.parametrize("said", ["latest", ONE.digest.upper(), ONE.digest[:12], ONE.digest + "\n", [ONE.digest]])
def test_what_only_looks_like_the_digest_is_none(target, liar, said):
    liar.answers["GET"] = says(said)
    refused("GM-R313", target.observe, AT)


@pytest.mark.attack("an engine sends the reconciler elsewhere with its token", "GM-R311", by="node")
def test_a_redirect_is_not_followed(tmp_path, liar):
    (tmp_path / "token").write_text("secret")
    told = HttpReload.model_validate({"load": f"{liar.url}/load", "token_file": str(tmp_path / "token")})
    liar.answers["POST"] = (307, b"")
    refused(
        "GM-R311",
        settle,
        DirectoryTarget(tmp_path / "a", engine=HttpEngine("e", told, 5)),
        desired(ONE),
        Bytes(CONTENT),
    )
    assert [path for _, path, _, _ in liar.asked if path != "/load"] == []


@pytest.mark.attack("other bytes put under the name of a version that gm serve loads", "GM-R332", by="node")
def test_the_server_hashes_what_it_loads(tmp_path):
    alone = DirectoryTarget(tmp_path / "srv")
    settle(alone, desired(ONE), Bytes(CONTENT))
    file = alone.place_of(AT) / "model.onnx"
    file.chmod(0o644)
    file.write_bytes(CONTENT["1.1.0"]["model.onnx"])
    refused("GM-R332", Shelf(alone.root, "production", load_onnx).load, "fraud")


@pytest.mark.lookalike("an engine that says the digest it was told")
def test_the_digest_itself_is_believed_after_the_files_were_hashed(target, liar):
    liar.answers["GET"] = says(ONE.digest)
    settle(target, desired(ONE), Bytes(CONTENT))
    assert target.observe(AT).serves(ONE.digest)
