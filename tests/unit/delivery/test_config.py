import pytest

from gitops_models.delivery.assemble import targets_of
from gitops_models.delivery.config import read_config
from gitops_models.delivery.upstreams import Upstream
from gitops_models.errors import GmError

WHOLE = """\
apiVersion: gitops-models/v1
kind: Reconciler
urls:
  - https://git.example/models.git
  - {bundles: spool}
  - ../second.git
line: trunk
pin: 1d2f6bd6a5b7d0c2f0a3f2a7a6c1e9f0b8d4c3e2
artifacts: {url: "s3://models/dvc", options: {region: eu-central-1}}
targets:
  - {id: eu, path: /srv/eu, stages: [production], models: ["fraud*"], keep: 5}
  - {id: test, path: srv}
state: state
key: keys/reconciler
interval: 30
"""
SHORT = """\
apiVersion: gitops-models/v1
kind: Reconciler
urls: [../origin.git]
artifacts: {url: ../remote}
targets: [{id: local, path: srv}]
state: .state
"""


def write(tmp_path, text):
    path = tmp_path / "reconciler.yaml"
    path.write_text(text)
    return path


def test_a_whole_file_is_read_and_its_paths_are_those_beside_it(tmp_path):
    config = read_config(write(tmp_path, WHOLE))
    assert (config.line, config.interval) == ("trunk", 30)
    assert config.upstreams == (
        Upstream("https://git.example/models.git", first=True),
        Upstream(f"{tmp_path}/spool", bundles=True),
        Upstream(f"{tmp_path}/../second.git"),
    )
    assert (config.artifacts.url, dict(config.artifacts.options)) == ("s3://models/dvc", {"region": "eu-central-1"})
    assert [target.path for target in config.targets] == ["/srv/eu", f"{tmp_path}/srv"]
    assert (config.state, config.key) == (f"{tmp_path}/state", f"{tmp_path}/keys/reconciler")


def test_a_short_file_has_defaults_and_relative_addresses_are_directories(tmp_path):
    config = read_config(write(tmp_path, SHORT))
    assert (config.line, config.pin, config.key, config.interval) == ("main", None, None, 15)
    assert (config.urls, config.artifacts.url) == ((f"{tmp_path}/../origin.git",), f"{tmp_path}/../remote")


@pytest.mark.parametrize("address", ["git@git.example:models.git", "ssh://git@git.example/models.git"])
def test_addresses_of_other_machines_stay_as_they_are(tmp_path, address):
    assert read_config(write(tmp_path, SHORT.replace("../origin.git", f'"{address}"'))).urls == (address,)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("kind: Reconciler", "kind: Model"), "GM-R103"),
        (("gitops-models/v1", "gitops-models/v2"), "GM-R103"),
        (("state: .state\n", ""), "GM-R103"),
        (("urls: [../origin.git]", "url: ../origin.git"), "GM-R103"),
        (("[../origin.git]", "[]"), "GM-R103"),
        (("[../origin.git]", "[{bundles: spool}]"), "GM-R103"),
        (("[../origin.git]", "[../origin.git, ../origin.git]"), "GM-R103"),
        (("[../origin.git]", "[../origin.git, {bundles: --x}]"), "GM-R103"),
        (("[../origin.git]", "[../origin.git, {bundles: spool, more: x}]"), "GM-R103"),
        (("state: .state", "state: .state\ninterval: 0"), "GM-R103"),
        (("state: .state", 'state: .state\ninterval: "15"'), "GM-R103"),
        (("state: .state", "state: .state\npin: main"), "GM-R103"),
        (("../origin.git", "--upload-pack=evil"), "GM-R103"),
        (("[{id: local, path: srv}]", "[]"), "GM-R103"),
        (("[{id: local, path: srv}]", "[{id: a, path: x}, {id: a, path: y}]"), "GM-R103"),
        (("[{id: local, path: srv}]", "[{id: a, path: x}, {id: b, path: x}]"), "GM-R103"),
        (("id: local", "id: ../local"), "GM-R103"),
        (("path: srv", "path: srv, kind: command"), "GM-R103"),
    ],
)
def test_a_file_that_says_anything_else_is_refused(tmp_path, change, code):
    with pytest.raises(GmError) as error:
        read_config(write(tmp_path, SHORT.replace(*change)))
    assert (error.value.code, error.value.exit_status) == (code, 2)


def test_a_missing_file_is_not_found_and_bad_yaml_has_its_line(tmp_path):
    with pytest.raises(GmError) as error:
        read_config(tmp_path / "none.yaml")
    assert (error.value.code, error.value.exit_status) == ("GM-R102", 6)
    with pytest.raises(GmError) as error:
        read_config(write(tmp_path, SHORT + "state: again\n"))
    assert error.value.code.startswith("GM-D")


def test_a_target_is_chosen_by_its_id(tmp_path):
    config = read_config(write(tmp_path, WHOLE))
    assert [target.id for target in targets_of(config)] == ["eu", "test"]
    (chosen,) = targets_of(config, only="eu")
    assert (chosen.stages, chosen.models) == (("production",), ("fraud*",))
    with pytest.raises(GmError) as error:
        targets_of(config, only="us")
    assert (error.value.code, error.value.hint) == ("GM-R104", "known targets: eu, test")
