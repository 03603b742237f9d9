"""The files in examples/reconciler are what they claim to be: read, hardened, and of one mind about paths."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from gitops_models.delivery.config import read_config

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "reconciler"
UNIT = FOLDER / "gm-reconciler.service"


@pytest.fixture(scope="module")
def objects():
    found = yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text())
    return {one["kind"]: one for one in found}


@pytest.fixture(scope="module")
def service():
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(UNIT)
    return parser["Service"]


def test_the_file_is_one_that_the_reconciler_takes():
    config = read_config(FOLDER / "gm-reconciler.yaml")
    assert (config.listen.address, config.listen.port) == ("127.0.0.1", 9471)
    assert config.key == "/run/credentials/gm-reconciler.service/reconciler_ed25519"


def test_the_unit_gives_the_service_what_its_file_names_and_nothing_more(service):
    config = read_config(FOLDER / "gm-reconciler.yaml")
    assert service["ReadWritePaths"] == config.targets[0].path
    assert config.state == f"/var/lib/{service['StateDirectory']}"
    lines = UNIT.read_text().splitlines()
    given = [line.partition("=")[2].partition(":")[0] for line in lines if line.startswith("LoadCredential=")]
    assert {f"/run/credentials/{UNIT.name}/{name}" for name in given} == {config.key, config.listen.wake_secret}


def test_the_unit_is_hardened(service):
    assert service["User"] == "gm"
    assert service["CapabilityBoundingSet"] == ""
    for name in (
        *(
            "NoNewPrivileges",
            "ProtectHome",
            "PrivateTmp",
            "PrivateDevices",
            "ProtectKernelTunables",
            "RestrictNamespaces",
        ),
        *(
            "ProtectKernelModules",
            "ProtectControlGroups",
            "RestrictSUIDSGID",
            "LockPersonality",
            "MemoryDenyWriteExecute",
        ),
    ):
        assert service[name] == "yes", name
    assert service["ProtectSystem"] == "strict"
    if analyze := shutil.which("systemd-analyze"):  # where it is there it is asked too
        verify = [analyze, "verify", str(UNIT)]
        rated = [analyze, "security", "--offline=true", "--no-pager", "--threshold=20", str(UNIT)]
        for words in (verify, rated):
            ran = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
            assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_container_may_do_nothing_but_write_its_volumes(objects):
    pod = objects["StatefulSet"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert not any("hostPath" in volume for volume in pod["volumes"])
    assert "@sha256:" in container["image"]
    assert {"memory"} <= set(container["resources"]["limits"])


def test_there_is_one_writer_and_it_is_not_killed_while_it_works(objects):
    spec = objects["StatefulSet"]["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert spec["replicas"] == 1
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] >= 60


def test_what_the_container_is_told_is_mounted(objects, tmp_path):
    written = tmp_path / "gm-reconciler.yaml"
    written.write_text(objects["ConfigMap"]["data"]["gm-reconciler.yaml"])
    config = read_config(written)
    (container,) = objects["StatefulSet"]["spec"]["template"]["spec"]["containers"]
    mounts = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
    assert container["args"][-1] in mounts
    assert {config.state, config.targets[0].path} <= set(mounts)
    assert {str(Path(path).parent) for path in (config.key, config.listen.wake_secret)} <= set(mounts)
    volumes = {one["name"] for one in objects["StatefulSet"]["spec"]["template"]["spec"]["volumes"]}
    claims = {one["metadata"]["name"] for one in objects["StatefulSet"]["spec"]["volumeClaimTemplates"]}
    assert set(mounts.values()) == volumes | claims
    assert container["ports"] == [{"name": "http", "containerPort": config.listen.port}]


def test_who_listens_for_all_is_behind_a_network_policy(objects):
    policy, pods = objects["NetworkPolicy"]["spec"], objects["StatefulSet"]["spec"]["selector"]
    assert policy["podSelector"] == pods
    assert objects["Service"]["spec"]["selector"] == pods["matchLabels"]
    assert policy["policyTypes"] == ["Ingress"]
    (rule,) = policy["ingress"]
    assert all(rule["from"])
