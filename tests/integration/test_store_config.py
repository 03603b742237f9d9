import pytest

from gitops_models.errors import Exit
from gitops_models.store import gitcli
from gitops_models.store.config import add_remote, remote_address, set_config, user_config
from gitops_models.store.environment import scrub
from gitops_models.store.gitcli import GitContext, git_version, output, require_git, run
from gitops_models.store.repository import Store
from tests.support.git import init_repository
from tests.support.refusals import refusal


@pytest.fixture
def repo(tmp_path, home):
    return init_repository(tmp_path / "repo", home)


def test_the_users_own_configuration_counts_and_the_repositorys_wins(repo, home):
    (home / "more").write_text("[user]\n\tsigningKey = ~/.ssh/id_ed25519\n")
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada\n\temail = a@x\n[include]\n\tpath = more\n[commit]\n\tgpgSign\n"
    )
    repo.git("config", "user.email", "ada@work")
    config = user_config(Store.open(repo.path))
    assert (config.get("user.name"), config.get("User.Email")) == ("Ada", "ada@work")
    assert config.all("user.email") == ("a@x", "ada@work")
    assert config.path("user.signingkey") == home / ".ssh" / "id_ed25519"
    assert (config.flag("commit.gpgSign"), config.flag("tag.gpgSign"), config.flag("tag.gpgSign", default=True)) == (
        True,
        False,
        True,
    )
    assert (config.get("gpg.format"), config.path("gpg.program")) == (None, None)


def test_booleans_are_read_as_git_reads_them(repo):
    store = Store.open(repo.path)
    for value, expected in {"true": True, "ON": True, "1": True, "false": False, "no": False, "": False}.items():
        repo.git("config", "gm.flag", value)
        assert user_config(store).flag("gm.flag", default=not expected) is expected


def test_injected_configuration_does_not_count(repo, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.signingkey")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "/tmp/evil")
    assert user_config(Store.open(repo.path)).get("user.signingkey") is None


def test_settings_are_written_to_the_repository_only(repo, home):
    store = Store.open(repo.path)
    set_config(store, "gpg.format", "ssh")
    set_config(store, "gpg.format", "openpgp")
    assert user_config(store).all("gpg.format") == ("openpgp",)
    assert not (home / ".gitconfig").exists()
    for name, value in (("--global", "x"), ("plain", "x"), ("a.b", "x\n[core]")):
        assert refusal(set_config, store, name, value).code == "GM-S019"


def test_remotes_are_added_and_their_addresses_rewritten(repo, home):
    store = Store.open(repo.path)
    add_remote(store, "origin", "https://git.example/m.git")
    add_remote(store, "my.server-2", "/srv/m.git")
    assert user_config(store).remotes() == {"origin": "https://git.example/m.git", "my.server-2": "/srv/m.git"}
    (home / ".gitconfig").write_text('[url "ssh://git@git.example/"]\n\tinsteadOf = https://git.example/\n')
    assert remote_address(store, "origin") == "ssh://git@git.example/m.git"
    assert refusal(remote_address, store, "nowhere").code == "GM-S018"
    assert refusal(add_remote, store, "-x", "/srv/m.git").code == "GM-S018"
    assert refusal(add_remote, store, "x", "ext::sh").code == "GM-S017"


def test_a_missing_git_is_named(tmp_path, monkeypatch):
    environ = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refusal(git_version, environ)
    assert (error.code, error.exit_status) == ("GM-S008", Exit.EXTERNAL)


def test_an_old_or_strange_git_is_refused(tmp_path, monkeypatch):
    fake = tmp_path / "git"
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    monkeypatch.setenv("PATH", environ["PATH"])
    fake.write_text("#!/bin/sh\necho git version 2.33.8\n")
    fake.chmod(0o755)
    error = refusal(require_git, environ)
    assert (error.code, "2.33.8 is installed, 2.34 or newer" in error.message) == ("GM-S008", True)
    fake.write_text("#!/bin/sh\necho something\n")
    assert refusal(require_git, environ).code == "GM-S008"


def test_the_installed_git_is_new_enough():
    assert require_git() >= gitcli.MINIMUM


def test_a_failing_command_carries_gits_words(repo):
    store = Store.open(repo.path)
    error = refusal(output, store.git, ["cat-file", "-t", "nope"])
    assert (error.code, "Not a valid object name nope" in error.message) == ("GM-S009", True)


def test_a_command_that_hangs_is_ended_and_leaves_no_lock(repo):
    store = Store.open(repo.path)
    error = refusal(run, store.git, ["-c", "alias.hang=!sleep 30", "hang"], timeout=0.3)
    assert (error.code, error.exit_status) == ("GM-S010", Exit.EXTERNAL)


def test_a_git_without_a_repository_runs_anywhere():
    assert output(GitContext(None, scrub({"PATH": "/usr/bin:/bin"})), ["version"]).startswith(b"git version")
