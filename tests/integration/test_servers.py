"""The real servers that other tests speak to: they start on loopback, answer, and are gone afterwards."""

import socket
import subprocess
import sys

import pytest

from tests.support import servers
from tests.support.receiver import receiver
from tests.support.servers import exposed, start_alertmanager, start_prometheus


def gone(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def test_prometheus_keeps_what_a_test_shows_it(prometheus, metrics):
    metrics.show('model_accuracy{model="fraud"} 0.93')
    answer = prometheus.query("model_accuracy")
    (found,) = answer["data"]["result"]
    assert (answer["status"], found["metric"]["model"], found["value"][1]) == ("success", "fraud", "0.93")
    assert prometheus.query("model_accuracy{")["errorType"] == "bad_data"
    assert prometheus.query("nothing_of_the_kind")["data"]["result"] == []


@pytest.mark.server("prometheus", "alertmanager")
def test_an_alert_of_prometheus_comes_out_of_alertmanager_with_its_token(tmp_path):
    rule = {"alert": "AccuracyDrop", "expr": "model_accuracy < 0.9", "labels": {"model": "fraud"}}
    (tmp_path / "rules.yml").write_text(f'{{"groups": [{{"name": "gm", "rules": [{rule}]}}]}}'.replace("'", '"'))
    with receiver() as made, exposed() as metrics:
        metrics.text = "model_accuracy 0.5\n"
        with start_alertmanager(tmp_path / "a", webhook=made.url, bearer="let me in") as manager:
            managers = {"static_configs": [{"targets": [f"127.0.0.1:{manager.port}"]}]}
            settings = {"alerting": {"alertmanagers": [managers]}, "rule_files": [str(tmp_path / "rules.yml")]}
            with start_prometheus(tmp_path / "p", targets=[metrics.address], settings=settings) as prometheus:
                assert made.arrived.wait(60)
        assert gone(manager.port)
        assert gone(prometheus.port)
    told = made.deliveries[0]
    assert told.headers["authorization"] == "Bearer let me in"
    assert [(each["status"], each["labels"]["model"]) for each in told.event["alerts"]] == [("firing", "fraud")]


def test_every_test_finds_an_empty_s3(s3):
    import boto3  # noqa: PLC0415 - half a second that other tests need not pay

    client = boto3.client("s3", endpoint_url=s3.url)
    assert client.list_buckets()["Buckets"] == []
    assert s3.make_bucket("models") == "s3://models"
    client.put_object(Bucket="models", Key="a", Body=b"bytes")
    assert client.get_object(Bucket="models", Key="a")["Body"].read() == b"bytes"


def test_who_lacks_a_server_is_told_the_command(monkeypatch):
    monkeypatch.setattr(servers, "program", {"moto": "there", "prometheus": None, "alertmanager": None}.get)
    assert servers.why_missing({"moto"}) is None
    assert servers.why_missing({"moto", "prometheus"}) == "prometheus is not installed: run make test-servers"


def test_without_apt_the_remedy_is_said(repository_root, tmp_path):
    command = [sys.executable, repository_root / ".ci" / "servers.py", tmp_path / "servers"]
    environment = {"PATH": str(tmp_path)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode, result.stderr) == (
        1,
        "servers: prometheus is missing and there is no apt-get\n  remedy: put prometheus on PATH yourself\n",
    )
