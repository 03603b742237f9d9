"""Who is told is the operator's to say: nothing that comes with a repository or a clone steers, opens or blocks it."""

import json
import subprocess
from datetime import UTC, datetime

import pytest

from gitops_models.delivery.notify.assemble import open_post
from gitops_models.delivery.notify.notices import Notice
from gitops_models.delivery.notify.settings import Notification
from gitops_models.workflows.notices import post_of
from gitops_models.workflows.session import open_session
from tests.support.git import clone_repository
from tests.support.receiver import SECRET, Waits, receiver
from tests.support.registry import Registry

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
FILE = "apiVersion: gitops-models/v1\nkind: Notifications\nnotifications: [{{id: page, command: [{program}]}}]\n"


@pytest.fixture
def clone(tmp_path, home):
    registry = Registry(tmp_path / "shop.git")
    return clone_repository(registry.path, tmp_path / "clone", home).path


@pytest.fixture
def trap(tmp_path):
    """A program that must not run, and the mark that it leaves."""
    program = tmp_path / "trap"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    program.chmod(0o755)
    return program


def git_config(*words):
    subprocess.run(["git", "config", *words], check=True, timeout=60)


def told(clone):
    post = post_of(open_session(clone, online=False))
    post.notify(Notice("rollback-initiated", model="fraud"))
    return [error.code for error in post.warnings]


@pytest.mark.attack("alarms sent elsewhere by the configuration that came with a clone", "GM-C215", by="author")
@pytest.mark.parametrize("how", ["set", "included"])
def test_the_clones_own_configuration_names_nobody(clone, trap, tmp_path, how):
    file = tmp_path / "n.yaml"
    file.write_text(FILE.format(program=trap))
    target = clone / ".git" / "config"
    if how == "included":
        target = clone / "planted"
        git_config("--file", str(clone / ".git" / "config"), "include.path", "../planted")
    git_config("--file", str(target), "gm.notifications", str(file))
    assert told(clone) == ["GM-C215"]
    assert not trap.with_name("sprung").exists()


@pytest.mark.attack("a program run through a notifications file in the work tree", "GM-C216", by="author")
def test_a_file_that_came_with_the_repository_names_nobody(clone, trap):
    (clone / "notifications.yaml").write_text(FILE.format(program=trap))
    git_config("--global", "gm.notifications", str(clone / "notifications.yaml"))
    assert told(clone) == ["GM-C216"]
    assert not trap.with_name("sprung").exists()


@pytest.mark.lookalike("notifications by repository, in the person's own configuration")
def test_a_person_may_tell_others_for_some_repositories(clone, trap, tmp_path):
    file = tmp_path / "n.yaml"
    file.write_text(FILE.format(program=trap))
    git_config("--file", str(tmp_path / "work.config"), "gm.notifications", str(file))
    git_config("--global", f"includeIf.gitdir:{clone}/.path", str(tmp_path / "work.config"))
    assert told(clone) == []
    assert trap.with_name("sprung").exists()


@pytest.fixture
def office(tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    waits = Waits()

    def made(url, **more):
        place = {"id": "hook", "webhook": {"url": url, "secret_file": str(tmp_path / "secret")}}
        post = open_post([Notification.model_validate(place)], tmp_path / "state", clock=lambda: NOW, **more)
        post.patience = type(post.patience)(wait=waits.wait, now=waits.now)
        return post

    return made


@pytest.mark.attack("a receiver that sends alarms on to another host", "GM-R701", by="operator")
def test_a_redirect_takes_no_alarm_elsewhere(office):
    with receiver() as first, receiver() as second:
        first.answers, first.headers = [308], {"Location": second.url}
        found = office(first.url).notify(Notice("integrity-failure"))
        assert ([error.code for error in found.warnings], second.deliveries) == (["GM-R701"], [])


@pytest.mark.attack("a planted file in the outbox: another body under a known name", "GM-R704", by="node")
def test_what_the_outbox_did_not_write_is_not_sent(office):
    with receiver() as hook:
        hook.answers = [500]
        post = office(hook.url)
        post.notify(Notice("integrity-failure"))
        (path,) = post.outbox.waiting()
        kept = json.loads(path.read_bytes())
        path.write_text(json.dumps({**kept, "body": kept["body"].replace("critical", "info")}))
        hook.answers, hook.deliveries = [200], []
        found = office(hook.url).flush()
        assert ([error.code for error in found.warnings], hook.deliveries) == (["GM-R704"], [])


@pytest.mark.attack("an alarm silenced by a receiver that never answers", "GM-R700", by="operator")
def test_a_receiver_that_hangs_up_silences_nothing(office):
    with receiver() as hook:
        hook.answers = [None]
        found = office(hook.url).notify(Notice("integrity-failure"))
        assert ([error.code for error in found.warnings], found.waiting) == (["GM-R700"], 1)
