"""gm serve as people start it: a process that follows a directory, answers, says what went wrong and stops."""

import json
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

import pytest

from gitops_models.cli.run import run
from gitops_models.delivery.targets.directory import DirectoryTarget
from tests.support.delivery import Bytes, deployment, desired, settle
from tests.support.models import linear_onnx

CONTENT = {"1.0.0": {"model.onnx": linear_onnx((1.0, 0.0))}, "1.1.0": {"model.onnx": b"no model"}}


@contextmanager
def serving(*words):
    command = [sys.executable, "-m", "gitops_models", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def switch(target, version):
    settle(target, desired(deployment(version, CONTENT[version])), Bytes(CONTENT))


def get(url):
    with urllib.request.urlopen(url, timeout=30) as reply:
        return json.loads(reply.read())


def test_it_says_where_it_answers_follows_the_directory_and_stops_when_told(tmp_path):
    target = DirectoryTarget(tmp_path / "srv")
    switch(target, "1.0.0")
    with serving("-C", str(tmp_path), "serve", "srv", "--listen", "127.0.0.1:0") as process:
        said = process.stdout.readline()
        assert said.startswith("serving production of srv at http://127.0.0.1:")
        url = said.split()[-1]
        assert process.stderr.readline().startswith("fraud: 1.0.0 ")
        assert process.stderr.readline() == f"next: curl {url}/v2/models/MODEL\n"
        switch(target, "1.1.0")
        assert process.stderr.readline().startswith("error[GM-R332]")
        assert get(f"{url}/v2/models/fraud")["parameters"]["sha256"] == deployment("1.0.0", CONTENT["1.0.0"]).digest
        settle(target, desired(None, at=deployment("1.0.0").at))
        while (line := process.stderr.readline()) and "nothing any more" not in line:
            pass
        assert line == "fraud: nothing any more\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_json_names_the_address_and_without_watching_a_switch_waits_to_be_told(tmp_path):
    target = DirectoryTarget(tmp_path / "srv")
    with serving("--json", "serve", str(tmp_path / "srv"), "--listen", "0.0.0.0:0", "--no-watch") as process:
        lines = []
        while not lines or lines[-1] != "}\n":
            lines.append(process.stdout.readline())
        said = json.loads("".join(lines))
        assert (said["kind"], said["stage"], said["models"]) == ("Serving", "production", [])
        assert "everybody who reaches this address may ask" in process.stderr.readline()
        url = said["url"].replace("0.0.0.0", "127.0.0.1")
        switch(target, "1.0.0")
        told = urllib.request.Request(f"{url}/v2/repository/models/fraud/load", data=b"{}")
        with urllib.request.urlopen(told, timeout=30) as reply:
            assert json.loads(reply.read())["version"] == "1.0.0"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


@pytest.mark.parametrize(
    "words",
    [["--listen", "8080"], ["--listen", ":80"], ["--listen", "a:b"], ["--listen", "a:70000"], ["--stage", ".."]],
)
def test_words_that_are_none_are_refused(tmp_path, words):
    assert run(["serve", str(tmp_path), *words]) == 2


def test_without_onnxruntime_nothing_is_begun(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert run(["serve", str(tmp_path)]) == 6
    assert "pip install 'gitops-models[serve]'" in capsys.readouterr().err
