"""Eight clients ask and check every answer while the version is switched back and forth."""

import http.client
import json
import os
from contextlib import ExitStack, closing

import pytest

from gitops_models.delivery.resolve import resolve
from gitops_models.delivery.values import ModelStage
from tests.support.crowd import crowd
from tests.support.delivery import Bytes, deployment, desired, settle
from tests.support.models import linear_onnx
from tests.support.sites import DirectorySite, ServeSite

AT = ModelStage("fraud", "production")
CLIENTS, SWITCHES = 8, 20
SAMPLED = SWITCHES if os.environ.get("GM_SWEEP") else 6
WEIGHTS = {"1.0.0": (1.0, 0.0), "1.1.0": (0.0, 1.0)}
FILES = 12


def many_files(version):
    """A version of which every file tells the version: a mix of two is seen at once."""
    parts = {f"part-{number}.txt": f"{version} {number}\n".encode() * 50 for number in range(FILES)}
    return {"model.onnx": linear_onnx(WEIGHTS[version]), **parts}


CONTENT = {version: many_files(version) for version in WEIGHTS}


def switch_back_and_forth(target, times=SAMPLED):
    for number in range(times):
        wanted = ("1.1.0", "1.0.0")[number % 2]
        settle(target, desired(deployment(wanted, CONTENT[wanted])), Bytes(CONTENT))


def reader(place, *, plain=False):
    def look():
        live = place if plain else resolve(place)
        seen = {
            version
            for version, files in CONTENT.items()
            if all((live / name).read_bytes() == data for name, data in files.items())
        }
        (version,) = seen  # none, where files of two versions were read
        return version

    return look


@pytest.mark.sweep
@pytest.mark.clause("A-limits-2")
def test_readers_of_the_directory_see_one_version_whole(tmp_path):
    site = DirectorySite(tmp_path)
    settle(site.target, desired(deployment("1.0.0", CONTENT["1.0.0"])), Bytes(CONTENT))
    with crowd([reader(site.root / "fraud" / "production")] * CLIENTS) as made:
        switch_back_and_forth(site.target)
    told("directory", made)


def test_a_reader_notices_files_of_two_versions(tmp_path):
    for version in WEIGHTS:
        for name, data in CONTENT[version].items():
            (tmp_path / name).write_bytes(data)
        assert reader(tmp_path, plain=True)() == version
    (tmp_path / "part-7.txt").write_bytes(CONTENT["1.0.0"]["part-7.txt"])
    with pytest.raises(ValueError, match="not enough values"):
        reader(tmp_path, plain=True)()


def asker(line):
    """One client on a connection of its own; the numbers of the answer must be those of the version that it names."""
    asked = {"name": "features", "shape": [1, 2], "datatype": "FP32", "data": [10, 1]}
    body = json.dumps({"inputs": [asked]})
    digests = {version: deployment(version, CONTENT[version]).digest for version in WEIGHTS}

    def look():
        line.request("POST", "/v2/models/fraud/infer", body)
        with line.getresponse() as reply:
            said = json.loads(reply.read())
            assert reply.status == 200, said
        (value,) = said["outputs"][0]["data"]
        version = {10.0: "1.0.0", 1.0: "1.1.0"}[value]
        assert (said["model_version"], said["parameters"]["sha256"]) == (version, digests[version]), said
        return version

    return look


@pytest.mark.sweep
@pytest.mark.clause("A-limits-2")
def test_clients_of_gm_serve_get_every_answer_from_one_version_that_it_names(tmp_path):
    site = ServeSite(tmp_path)
    try:
        settle(site.target, desired(deployment("1.0.0", CONTENT["1.0.0"])), Bytes(CONTENT))
        with ExitStack() as lines:
            opened = [http.client.HTTPConnection("127.0.0.1", site.port, timeout=60) for _ in range(CLIENTS)]
            clients = [asker(lines.enter_context(closing(line))) for line in opened]
            with crowd(clients) as made:
                switch_back_and_forth(site.target)
    finally:
        site.stop()
    told("gm serve", made)


def told(what, made):
    """Nothing was wrong, both versions answered, and how much that was."""
    assert made.wrong == []
    assert set(made.answers) == set(WEIGHTS)
    print(f"{what}: {CLIENTS} clients, {SAMPLED} switches, {made.asked} answers, 0 errors, 0 torn")  # noqa: T201
