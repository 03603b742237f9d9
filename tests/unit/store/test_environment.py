from gitops_models.store.environment import FORCED, quarantine_directories, scrub, unwanted

CALLER = {
    "PATH": "/bin",
    "HOME": "/home/ada",
    "SSH_AUTH_SOCK": "/run/agent",
    "GIT_DIR": "/elsewhere",
    "GIT_SSH_COMMAND": "touch /tmp/x",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.sshCommand",
    "GIT_CONFIG_VALUE_0": "touch /tmp/x",
    "GIT_CONFIG_PARAMETERS": "'core.pager=x'",
    "GIT_CONFIG_GLOBAL": "/home/ada/.gitconfig",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_OBJECT_DIRECTORY": "/repo/objects/tmp_objdir-1",
}


def test_git_variables_go_and_the_place_of_the_users_configuration_stays():
    clean = scrub(CALLER)
    assert {name for name in clean if name.startswith("GIT_")} == {
        "GIT_CONFIG_GLOBAL",
        "GIT_CONFIG_NOSYSTEM",
        *(name for name in FORCED if name.startswith("GIT_")),
    }
    assert (clean["HOME"], clean["SSH_AUTH_SOCK"], clean["GIT_TERMINAL_PROMPT"]) == ("/home/ada", "/run/agent", "0")


def test_quarantine_variables_stay_only_when_asked_for():
    assert "GIT_OBJECT_DIRECTORY" not in scrub(CALLER)
    assert scrub(CALLER, quarantine=True)["GIT_OBJECT_DIRECTORY"] == "/repo/objects/tmp_objdir-1"


def test_what_a_runner_must_take_away_is_named():
    assert unwanted(CALLER, scrub(CALLER)) == (
        "GIT_CONFIG_COUNT",
        "GIT_CONFIG_KEY_0",
        "GIT_CONFIG_PARAMETERS",
        "GIT_CONFIG_VALUE_0",
        "GIT_DIR",
        "GIT_OBJECT_DIRECTORY",
        "GIT_SSH_COMMAND",
    )


def test_the_quarantine_of_this_repository_is_seen(tmp_path):
    pushed = tmp_path / "objects" / "tmp_objdir-incoming-1"
    pushed.mkdir(parents=True)
    environ = {
        "GIT_QUARANTINE_PATH": str(pushed),
        "GIT_OBJECT_DIRECTORY": str(pushed),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": f"{tmp_path / 'objects'}:/shared/objects",
    }
    found = quarantine_directories(environ, tmp_path)
    assert [str(path) for path in found] == [str(pushed.resolve()), "/shared/objects"]


def test_a_quarantine_of_another_repository_is_ignored(tmp_path):
    other = tmp_path / "other" / "objects" / "tmp_objdir-incoming-1"
    environ = {"GIT_QUARANTINE_PATH": str(other), "GIT_OBJECT_DIRECTORY": str(other)}
    assert quarantine_directories(environ, tmp_path / "mine") == ()
    assert quarantine_directories({"GIT_QUARANTINE_PATH": str(other)}, tmp_path / "other") == ()
    assert quarantine_directories({}, tmp_path / "other") == ()
