"""DVC files of strangers are data: no link is followed, no program run, nothing written where they say."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_models.artifacts.digests import hash_path
from gitops_models.artifacts.pointers import parse_pointer
from gitops_models.artifacts.readers import object_path, open_remote
from gitops_models.artifacts.remotes import remote_from_config
from gitops_models.artifacts.upload import UploadItem, upload
from gitops_models.registry.canonical import jcs
from gitops_models.store.repository import Store
from gitops_models.trust.records import make_deployment, verify_record
from gitops_models.workflows.dvcfiles import own_settings
from tests.support import policy as documents
from tests.support.delivery import content_of
from tests.support.delivery_site import STATE_PATH, Site
from tests.support.git import init_repository
from tests.support.keys import ed25519_key
from tests.support.refusals import why_refused
from tests.support.stories import last
from tests.support.victim import Canary

POINTER = "models/fraud/versions/1.2.0/model.onnx.dvc"
DVC = Path(sys.executable).with_name("dvc")
MD5 = "d41d8cd98f00b204e9800998ecf8427e"


@pytest.fixture
def canary(tmp_path):
    return Canary(tmp_path / "cage")


# Pointers

FIELDS = {
    "an executable bit": "outs:\n- {md5: %s, size: 0, hash: md5, path: model.onnx, isexec: true}\n",
    "a command": "cmd: touch /tmp/x\nouts:\n- {md5: %s, size: 0, hash: md5, path: model.onnx}\n",
    "another directory": "wdir: ../../../../.git\nouts:\n- {md5: %s, size: 0, hash: md5, path: model.onnx}\n",
    "dependencies": "deps:\n- {path: x, repo: {url: 'ext::sh'}}\nouts:\n- {md5: %s, size: 0, path: model.onnx}\n",
    "frozen": "frozen: true\nouts:\n- {md5: %s, size: 0, hash: md5, path: model.onnx}\n",
    "a remote of its own": "outs:\n- {md5: %s, size: 0, hash: md5, path: model.onnx, remote: evil}\n",
    "bytes outside of the cache": "outs:\n- {md5: %s, size: 0, hash: md5, path: model.onnx, cache: false}\n",
    "an order to keep old bytes": "outs:\n- {md5: %s, size: 0, hash: md5, path: model.onnx, persist: true}\n",
    "files of its own": "outs:\n- {md5: %s.dir, size: 0, path: model.onnx, files: [{relpath: ../x, md5: y}]}\n",
    "the digest of DVC 2, of other bytes": "outs:\n- {md5: %s, size: 0, path: model.onnx}\n",
    "a number of files for one file": "outs:\n- {md5: %s, size: 0, nfiles: 1, hash: md5, path: model.onnx}\n",
    "two outputs": "outs:\n- {md5: %s, size: 0, hash: md5, path: model.onnx}\n- {md5: a, size: 0, path: ../x}\n",
}


@pytest.mark.attack(
    "a .dvc file with isexec, commands, folders or files of its own", "GM-P001", "GM-P109", "GM-A202", by="author"
)
@pytest.mark.parametrize("case", FIELDS)
def test_a_pointer_that_says_more_than_which_bytes_is_refused(registry, case):
    pointer = (FIELDS[case] % MD5).encode()
    head = registry.commit({**documents.version_files("1.2.0", author="engineer"), POINTER: pointer})
    registry.merge_by_hand(head)
    said = [finding.message for finding in last(registry).verdict.findings if finding.code == "GM-P001"]
    assert (last(registry).status, any("GM-P109" in message for message in said)) == ("denied", True)
    assert why_refused(parse_pointer, pointer, POINTER) in {"GM-A201", "GM-A202"}


PATHS = ("../../../../.git/hooks/pre-commit", "/etc/passwd", "link/x", ".git", "..", "a\\b", "model.onnx\x1b[2J", "")


@pytest.mark.attack("a .dvc file whose path climbs out or lies behind a link", "GM-A203", by="author")
@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
def test_a_pointer_to_another_place_is_refused(path):
    pointer = f'outs:\n- {{md5: {MD5}, size: 0, hash: md5, path: "{path}"}}\n'.replace("\\", "\\\\")
    assert why_refused(parse_pointer, pointer.replace("\x1b", "\\x1b").encode(), POINTER) == "GM-A203"


def test_dvc_itself_follows_committed_links_and_sets_executable_bits(tmp_path, home):
    """Why gm hands no tree to DVC (treeverse/dvc#11101): if this ever fails, DVC has changed for the better."""
    repository = init_repository(tmp_path / "r", home)
    script = b"#!/bin/sh\n"
    source = tmp_path / "script"
    source.write_bytes(script)
    md5 = hash_path(source).md5
    cached = repository.path / ".dvc" / "cache" / object_path(md5)
    cached.parent.mkdir(parents=True)
    cached.write_bytes(script)
    (repository.path / ".dvc" / "config").write_text("")
    (repository.path / "link").symlink_to(".git/hooks")
    text = f"outs:\n- {{md5: {md5}, size: {len(script)}, hash: md5, path: link/pre-commit, isexec: true}}\n"
    (repository.path / "a.dvc").write_text(text)
    subprocess.run([DVC, "checkout", "-q", "a.dvc"], cwd=repository.path, check=False, capture_output=True, timeout=240)
    hook = repository.path / ".git" / "hooks" / "pre-commit"
    assert os.access(hook, os.X_OK) or not hook.exists()
    assert why_refused(parse_pointer, text.encode(), "a.dvc") == "GM-A202"


# .dvc/config


def config(*lines, remote="['remote \"s\"']", url="../../remote"):
    return "\n".join(["[core]", "remote = s", remote, f"url = {url}", *lines, ""])


SETTINGS = {
    "a file with a credential process": (config("configpath = ../evil"), "GM-A303"),
    "a command for a token": (config("bearer_token_command = touch x"), "GM-A303"),
    "a key file": (config("keyfile = /home/ann/.ssh/id"), "GM-A303"),
    "a credentials file": (config("credentialpath = ../evil"), "GM-A303"),
    "a password prompt": (config("ask_password = true"), "GM-A303"),
    "headers of its own": (config("custom_auth_header = X"), "GM-A303"),
    "interpolation": (config("user = %(HOME)s"), "GM-A301"),
    "a section in another spelling": (config("configpath = evil", remote="['remote\"s\"']"), "GM-A301"),
    "a nested section": (config("[[x]]"), "GM-A301"),
    "a key in quotes": (config('"configpath" = evil'), "GM-A301"),
    "text over several lines": (config('user = """x', 'configpath = evil"""'), "GM-A301"),
    "a cache that lies elsewhere": (config("[cache]", "dir = {outside}"), "GM-A611"),
    "a cache that climbs out": (config("[cache]", "dir = ../../outside"), "GM-A611"),
}


def items(tmp_path):
    file = tmp_path / "model.onnx"
    file.write_bytes(b"weights")
    return [UploadItem(file, hash_path(file))]


@pytest.mark.attack("a committed .dvc/config that names programs or files of the reader", "GM-A303", by="author")
@pytest.mark.attack("a committed .dvc/config in a spelling that only DVC reads", "GM-A301", by="author")
@pytest.mark.attack("a committed .dvc/config that moves the cache", "GM-A611", by="author")
@pytest.mark.parametrize("case", SETTINGS)
def test_a_committed_configuration_does_not_steer_dvc(tmp_path, home, case):
    text, code = SETTINGS[case]
    repository = init_repository(tmp_path / "r", home)
    text = text.format(outside=tmp_path / "outside")
    repository.commit({".dvc/config": text})
    before = sorted(tmp_path.rglob("*"))
    found = items(tmp_path)
    assert why_refused(upload, repository.path, found) == code
    assert {*tmp_path.rglob("*")} - {*before} == {found[0].path}
    if code == "GM-A303":
        assert why_refused(remote_from_config, text.encode(), repository.path) == code


@pytest.mark.lookalike("a .dvc/config with an address and a cache inside")
def test_a_plain_configuration_is_used(tmp_path, home):
    repository = init_repository(tmp_path / "r", home)
    repository.commit({".dvc/config": config("jobs = 4", "[cache]", "dir = other")})
    assert upload(repository.path, items(tmp_path)).sent == 1
    assert (repository.path / ".dvc" / "other").is_dir()
    assert (tmp_path / "remote").is_dir()


@pytest.mark.attack("DVC's own files of one machine committed: config.local, cache, tmp", "GM-A610", by="author")
@pytest.mark.parametrize("path", [".dvc/config.local", ".dvc/cache", ".dvc/tmp/x", ".dvc"])
def test_what_only_one_machine_has_is_not_taken_from_git(tmp_path, home, canary, path):
    repository = init_repository(tmp_path / "r", home)
    local = f"['remote \"s\"']\n    bearer_token_command = {canary.command}\n    url = https://127.0.0.1:1/x\n"
    if path in (".dvc", ".dvc/cache"):
        (repository.path / path).parent.mkdir(exist_ok=True)
        (repository.path / path).symlink_to(tmp_path)
        repository.commit()
    else:
        repository.commit({path: local})
    assert why_refused(own_settings, Store.open(repository.path)) == "GM-A610"
    assert not canary.sang()


@pytest.mark.lookalike("the clone's own config.local, which Git does not know")
def test_the_clones_own_settings_are_used(tmp_path, home):
    repository = init_repository(tmp_path / "r", home)
    repository.commit({".dvc/config": config(), ".dvc/.gitignore": "/config.local\n/cache\n/tmp\n"})
    repository.write({".dvc/config.local": "['remote \"s\"']\n    keyfile = /home/ann/.ssh/id\n", ".dvc/cache/a": "x"})
    text = own_settings(Store.open(repository.path))
    assert remote_from_config(config().encode(), repository.path, text).options["keyfile"] == "/home/ann/.ssh/id"


@pytest.mark.attack("a remote address that would run a command", "GM-A321", by="author")
@pytest.mark.parametrize("url", ["ext::{canary} x", "--upload-pack={canary}", "$({canary})", "file://{canary}"])
def test_a_remote_address_is_only_an_address(tmp_path, canary, url):
    spec = remote_from_config(config(url=url.format(canary=canary.command)).encode(), tmp_path)
    assert why_refused(open_remote(spec).open, MD5) == "GM-A321"
    assert not canary.sang()


# What storage serves


@pytest.fixture
def site(tmp_path, home):
    """A reconciler that serves 1.0.0 and is asked for 1.1.0."""
    site = Site(tmp_path, home)
    assert site.run().ok
    site.configure(site.work.commit({STATE_PATH: site.stage_state("1.1.0")}, "Promote"))
    site.push()
    return site


def stored(site, name="model.onnx"):
    """The remote's file of an artifact of 1.1.0."""
    return site.remote / object_path(hash_path(site.root / "bytes" / "1.1.0" / name).md5)


SPOILED = {
    "other bytes of the same length": (lambda path: path.write_bytes(path.read_bytes()[::-1]), "GM-A314"),
    "bytes cut off": (lambda path: path.write_bytes(path.read_bytes()[:-1]), "GM-A312"),
    "bytes without end": (lambda path: path.write_bytes(path.read_bytes() + b"x" * 4096), "GM-A313"),
    "no object": (lambda path: path.unlink(), "GM-A311"),
    "a link to a file of the node": (
        lambda path: (path.unlink(), path.symlink_to("/etc/passwd")),
        "GM-A315",
    ),
}


@pytest.mark.clause("A-snapshots-11", "A-testing-5", "A-execution-3")
@pytest.mark.attack("an object swapped in the remote", "GM-A314", by="storage")
@pytest.mark.attack("an object cut short in the remote", "GM-A312", by="storage")
@pytest.mark.attack("an object that goes on without end", "GM-A313", by="storage")
@pytest.mark.attack("an object withheld", "GM-A311", by="storage")
@pytest.mark.attack("a link to a file of the node in the remote", "GM-A315", by="storage")
@pytest.mark.parametrize("case", SPOILED)
def test_what_storage_spoiled_is_not_served(site, case):
    spoil, code = SPOILED[case]
    spoil(stored(site))
    report = site.run()
    assert [result.error.code for result in report.results if result.error] == [code]
    assert site.served() == content_of("1.0.0")


@pytest.mark.attack("a directory listing that climbs out of the directory", "GM-A212", by="storage")
def test_a_listing_that_climbs_out_writes_nothing(site, tmp_path):
    """Its MD5 is forged too, as MD5 can be: here the pointer of the accepted version is asked for another listing."""
    manifest = b'[{"md5": "%s", "relpath": "../../../evil"}]' % MD5.encode()
    listing = stored(site, "tokenizer")
    assert listing.name.endswith(".dir")
    listing.write_bytes(manifest)
    report = site.run()
    assert [result.error.code for result in report.results if result.error] == ["GM-A314"]
    assert site.served() == content_of("1.0.0")
    assert not list(tmp_path.rglob("evil"))
    from gitops_models.artifacts.manifests import parse_manifest  # noqa: PLC0415 - what would read it then

    assert why_refused(parse_manifest, manifest, "x") == "GM-A212"


@pytest.mark.lookalike("objects that storage kept as they were")
def test_what_storage_kept_is_served(site):
    assert site.run().ok
    assert site.served() == content_of("1.1.0")


# What a node says


@pytest.mark.clause("A-snapshots-9", "B-7-5")
@pytest.mark.attack("a deployment record edited after it was signed", "GM-T003", by="node")
def test_a_record_of_what_was_deployed_cannot_be_reworded(site):
    assert site.run().ok
    record = site.records()[-1]
    body = json.loads(record.envelope)
    said = base64.b64decode(body["payload"])
    assert b"1.1.0" in said
    body["payload"] = base64.b64encode(said.replace(b"1.1.0", b"1.0.0")).decode()
    assert why_refused(verify_record, jcs(body)) == "GM-T003"


@pytest.mark.attack("a deployment record signed by another key under the node's name", "GM-T107", by="node")
def test_a_record_of_another_key_does_not_bear_the_nodes(site):
    assert site.run().ok
    record = site.records()[-1]
    other = ed25519_key("stranger")
    stranger = make_deployment(record.body, other)
    assert stranger.fingerprint == other.fingerprint != record.fingerprint
    swapped = json.loads(stranger.envelope)
    swapped["signatures"][0]["keyid"] = record.fingerprint
    assert why_refused(verify_record, jcs(swapped)) == "GM-T107"
