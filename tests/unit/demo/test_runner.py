"""The runner stops where a command does not do what it says, and ends what it started."""

import sys

import pytest

from gitops_models.demo.runner import Stage, play
from gitops_models.demo.setup import place, reference, require
from gitops_models.demo.story import Act
from gitops_models.errors import GmError


@pytest.fixture
def stage(tmp_path):
    (tmp_path / "home").mkdir()
    return Stage(tmp_path, sys.executable, tmp_path)


def failed(stage, *commands):
    with pytest.raises(GmError) as error:
        play(stage, [Act("an act", commands)], lambda _line: None)
    return error.value


def test_every_command_runs_and_is_told_before(stage, tmp_path):
    told = []
    assert play(stage, [Act("one", ("touch a", "touch b")), Act("two", ("touch c",))], told.append) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c", "home"]
    assert [line.strip() for line in told] == ["## one", "$ touch a", "$ touch b", "## two", "$ touch c"]


def test_nothing_runs_after_a_command_that_fails(stage, tmp_path):
    error = failed(stage, "touch a", "false", "touch b")
    assert (error.code, error.where) == ("GM-C302", "false")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    "command",
    [
        "refused 3 GM-P401 true",
        "refused 3 GM-P401 sh -c 'echo error[GM-P401]; exit 4'",
        "refused 3 GM-P401 sh -c 'echo error[GM-P4011]; exit 3'",
        "refused 3 GM-P401 sh -c 'echo error[GM-P402]; exit 3'",
        "shows gold sh -c 'echo silver'",
        "shows gold sh -c 'echo gold; exit 1'",
        "cd /nowhere; true",
    ],
)
def test_a_command_that_does_something_else_than_it_says_fails(stage, command):
    assert failed(stage, command).code == "GM-C302"


def test_a_refusal_that_is_expected_is_no_failure(stage):
    play(stage, [Act("", ("refused 3 GM-P401 sh -c 'echo error[GM-P401]; exit 3'", "shows old echo gold"))], print)


def test_a_server_that_was_started_is_stopped(stage, tmp_path):
    failed(stage, "sleep 300 >/dev/null 2>&1 & echo $! >server.pid; cp server.pid kept", "false")
    assert not (tmp_path / "server.pid").exists()
    # Where no init collects orphans, what was killed stays as a zombie.
    assert stage.run('case $(ps -o stat= -p "$(cat kept)") in ""|Z*) ;; *) exit 1 ;; esac') == 0


def test_nothing_of_the_callers_git_reaches_a_command(stage, monkeypatch):
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nowhere")
    assert stage.run('[ -z "${GIT_DIR-}${XDG_CONFIG_HOME-}" ] && [ "$HOME" = "$PWD/home" ]') == 0


def test_a_missing_package_is_named_with_its_remedy():
    with pytest.raises(GmError) as error:
        require(packages=("sys", "no_such_package"))
    assert (error.value.code, error.value.message) == ("GM-C300", "no_such_package cannot be imported here")
    assert "gitops-models[demo]" in error.value.hint


def test_a_missing_program_is_named():
    with pytest.raises(GmError) as error:
        require(packages=(), programs=("sh", "no-such-program"))
    assert (error.value.code, error.value.message) == ("GM-C300", "no-such-program cannot be found")


def test_the_reference_registry_is_that_of_this_repository(repository_root):
    assert reference() == repository_root


def test_a_place_of_its_own_is_removed_and_one_to_keep_stays(tmp_path):
    with place(None) as own:
        (own / "file").touch()
    assert not own.exists()
    with place(tmp_path / "kept" / "here") as kept:
        (kept / "file").touch()
    assert (tmp_path / "kept" / "here" / "file").exists()


def test_a_place_that_holds_something_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(GmError) as error, place(tmp_path):
        pytest.fail("this is not empty")
    assert error.value.code == "GM-C301"
