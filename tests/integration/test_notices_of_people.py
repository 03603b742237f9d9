"""Which file says whom a person's commands tell, and that nothing in the repository or clone can say it."""

import subprocess

import pytest

from gitops_models.delivery.notify.notices import Notice
from gitops_models.workflows.notices import post_of, state_directory
from gitops_models.workflows.session import open_session
from tests.support.git import clone_repository
from tests.support.registry import Registry

HEAD = "apiVersion: gitops-models/v1\nkind: Notifications\n"


def configure(place, *words):
    """Write a setting where ``place`` says: the person's own file or the clone's."""
    subprocess.run(["git", "config", *place, *words], check=True, timeout=60)


@pytest.fixture
def clone(tmp_path, home):
    registry = Registry(tmp_path / "shop.git")
    return clone_repository(registry.path, tmp_path / "clone", home).path


@pytest.fixture
def paged(tmp_path):
    """A file of places, and what its program was given."""
    page = tmp_path / "page"
    page.write_text(f"#!/bin/sh\ncat >> {tmp_path}/paged\n")
    page.chmod(0o755)
    (tmp_path / "notifications.yaml").write_text(HEAD + "notifications: [{id: page, command: [./page]}]\n")
    return tmp_path / "paged"


def told(clone):
    """What a command of the person in ``clone`` says of telling, as codes."""
    post = post_of(open_session(clone, online=False))
    post.notify(Notice("rollback-initiated", model="fraud"))
    return [error.code for error in post.warnings]


def test_the_persons_own_configuration_names_the_file(clone, paged, home):
    configure(["--global"], "gm.notifications", str(paged.with_name("notifications.yaml")))
    assert (told(clone), paged.exists()) == ([], True)
    assert (home / ".local/state/gitops-models/notifications/notices.jsonl").exists()


def test_the_file_may_name_the_directory_of_the_outbox(clone, paged):
    file = paged.with_name("notifications.yaml")
    file.write_text(file.read_text() + "state: outbox\n")
    configure(["--global"], "gm.notifications", str(file))
    assert told(clone) == []
    assert paged.with_name("outbox").joinpath("notices.jsonl").exists()


def test_without_a_file_nobody_is_told_and_it_is_recorded(clone, home):
    assert told(clone) == []
    assert (home / ".local/state/gitops-models/notifications/notices.jsonl").exists()


def test_a_setting_that_came_with_the_clone_is_not_followed(clone, paged):
    configure(["--file", str(clone / ".git/config")], "gm.notifications", str(paged.with_name("notifications.yaml")))
    assert (told(clone), paged.exists()) == (["GM-C215"], False)


def test_a_setting_of_the_clone_beside_the_persons_is_told_and_nobody_else_is(clone, paged):
    configure(["--file", str(clone / ".git/config")], "gm.notifications", "/dev/null")
    configure(["--global"], "gm.notifications", str(paged.with_name("notifications.yaml")))
    assert (told(clone), paged.exists()) == ([], True)


@pytest.mark.parametrize("name", ["notifications.yaml", ".git/notifications.yaml"])
def test_a_file_inside_the_clone_is_not_followed(clone, paged, name):
    (clone / name).write_text(HEAD + f"notifications: [{{id: page, command: [{paged.with_name('page')}]}}]\n")
    outside = paged.with_name("link.yaml")
    outside.symlink_to(clone / name)
    configure(["--global"], "gm.notifications", str(outside))
    assert (told(clone), paged.exists()) == (["GM-C216"], False)


@pytest.mark.parametrize("path", ["/nowhere/n.yaml", "~/n.yaml"])
def test_a_file_that_is_missing_is_a_warning(clone, path):
    configure(["--global"], "gm.notifications", path)
    assert told(clone) == ["GM-R710"]


def test_the_outbox_stands_in_the_state_directory_of_the_person(tmp_path):
    ours = "gitops-models/notifications"
    assert state_directory({"XDG_STATE_HOME": "/s", "HOME": "/h"}, tmp_path) == tmp_path / f"/s/{ours}"
    assert state_directory({"XDG_STATE_HOME": "s", "HOME": "/h"}, tmp_path) == tmp_path / f"/h/.local/state/{ours}"
    assert state_directory({}, tmp_path) == tmp_path / "gm" / ours
