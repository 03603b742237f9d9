"""``gm init`` in every place that a user begins from; what fails leaves nothing behind."""

import json
import os
import pty
import subprocess
import sys

import pytest

from gitops_models.cli.run import run

WHO = ["--name", "Ada", "--email", "ada@example.org"]
DVC = [sys.executable, "-m", "dvc"]


def output(repo, *words):
    """What git prints there, with the test's own home."""
    done = subprocess.run(["git", *words], cwd=repo, capture_output=True, text=True, check=True)
    return done.stdout.strip()


git = output


def gm(capsys, repo, *words):
    """Run gm and give its status, object and messages."""
    status = run(["-C", str(repo), "--no-input", "--json", *words])
    shown = capsys.readouterr()
    return status, json.loads(shown.out) if shown.out else {}, shown.err


def refused(capsys, repo, *words):
    status, _, err = gm(capsys, repo, *words)
    return status, json.loads(err)["error"]


def state(folder):
    """Every file below a folder with its content, Git's own included."""
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def existing(tmp_path):
    """A repository with a commit and a models folder that has nothing to do with gm."""
    repo = tmp_path / "app"
    (repo / "models").mkdir(parents=True)
    (repo / "models" / "user.py").write_text("class User: ...\n")
    git(tmp_path, "init", "-q", "-b", "trunk", str(repo))
    git(repo, "add", ".")
    git(repo, "-c", "user.name=B", "-c", "user.email=b@example.org", "commit", "-q", "-m", "begin")
    return repo


@pytest.fixture
def bare(tmp_path):
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(tmp_path / "remote.git"))
    return tmp_path / "remote.git"


def test_an_empty_directory_becomes_a_registry_pinned_to_its_first_commit(tmp_path, capsys):
    status, made, _ = gm(capsys, tmp_path / "reg", "init", *WHO)
    assert (status, made["kind"], made["profile"], made["models"]) == (0, "Initialized", "solo", "models")
    assert output(tmp_path / "reg", "rev-parse", "main") == made["pin"]
    assert output(tmp_path / "reg", "status", "--porcelain") == ""
    assert run(["-C", str(tmp_path / "reg"), "doctor"]) == 0


def test_the_new_key_signs_in_this_repository_only(tmp_path, capsys, home):
    gm(capsys, tmp_path / "reg", "init", *WHO)
    assert output(tmp_path / "reg", "config", "--local", "user.signingkey").endswith(".git/gm/signing_key")
    assert not (home / ".gitconfig").exists()


def test_an_existing_key_of_the_user_is_used(tmp_path, capsys, home):
    key = home / ".ssh" / "id_ed25519"
    key.parent.mkdir()
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    settings = {"gpg.format": "ssh", "user.signingkey": f"{key}.pub", "user.name": "Ada", "user.email": "a@example.org"}
    for name, value in settings.items():
        git(tmp_path, "config", "--global", name, value)
    status, made, _ = gm(capsys, tmp_path / "reg", "init")
    assert (status, made["signingKey"], made["madeKey"]) == (0, f"{key}.pub", False)
    assert "user.signingkey" not in output(tmp_path / "reg", "config", "--local", "--list")


def test_a_user_who_signs_with_gpg_gets_a_key_for_this_repository(tmp_path, capsys):
    git(tmp_path, "config", "--global", "user.signingkey", "0xDEADBEEF")
    status, made, _ = gm(capsys, tmp_path / "reg", "init", *WHO)
    assert (status, made["madeKey"]) == (0, True)


def test_an_existing_repository_keeps_its_branch_its_files_and_its_models_folder(existing, capsys):
    status, made, err = gm(capsys, existing, "init", *WHO)
    assert (status, made["line"], made["models"]) == (0, "trunk", "model-registry")
    assert "the models root is model-registry/" in err
    assert output(existing, "log", "--format=%s").splitlines() == ["gm: set up the model registry", "begin"]
    assert (existing / "models" / "user.py").is_file()
    assert output(existing, "status", "--porcelain") == ""


def test_init_in_a_subdirectory_sets_up_the_repository(existing, capsys):
    status, made, _ = gm(capsys, existing / "models", "init", *WHO)
    assert (status, made["path"]) == (0, str(existing))
    assert (existing / "gm.yaml").is_file()


def test_work_in_progress_stays_as_it_is(existing, capsys):
    (existing / "models" / "user.py").write_text("class User: edited\n")
    (existing / "notes.txt").write_text("mine\n")
    assert gm(capsys, existing, "init", *WHO)[0] == 0
    assert output(existing, "status", "--porcelain").splitlines() == ["M models/user.py", "?? notes.txt"]


def test_a_dvc_remote_that_is_there_stays(existing, capsys):
    (existing / ".dvc").mkdir()
    (existing / ".dvc" / "config").write_text("[core]\n    remote = lake\n['remote \"lake\"']\n    url = /srv/lake\n")
    git(existing, "add", ".")
    git(existing, "-c", "user.name=B", "-c", "user.email=b@example.org", "commit", "-q", "-m", "dvc")
    status, made, _ = gm(capsys, existing, "init", *WHO)
    assert (status, made["dvcRemote"], ".dvc/config" in made["files"]) == (0, "/srv/lake", False)


def test_a_dvc_repository_without_a_remote_gets_one_that_dvc_understands(existing, capsys, tmp_path):
    subprocess.run([*DVC, "init", "-q"], cwd=existing, check=True)
    subprocess.run([*DVC, "config", "core.autostage", "true"], cwd=existing, check=True)
    git(existing, "add", ".")
    git(existing, "-c", "user.name=B", "-c", "user.email=b@example.org", "commit", "-q", "-m", "dvc")
    status, made, _ = gm(capsys, existing, "init", *WHO)
    assert (status, made["dvcRemote"]) == (0, str(tmp_path / "app.artifacts"))
    listed = subprocess.run([*DVC, "config", "--list"], cwd=existing, capture_output=True, text=True, check=True)
    assert {"core.autostage=true", "core.remote=artifacts"} <= set(listed.stdout.split())


@pytest.mark.parametrize(("given", "url"), [("app/store", "../store"), ("lake", None)])
def test_a_directory_inside_the_repository_is_the_same_one_in_every_clone(existing, capsys, tmp_path, given, url):
    assert gm(capsys, existing, "init", "--dvc-remote", str(tmp_path / given), *WHO)[0] == 0
    assert f"    url = {url or tmp_path / given}\n" in (existing / ".dvc" / "config").read_text()


def test_a_plain_dvc_adds_and_pushes_in_the_new_repository(tmp_path, capsys):
    repo = tmp_path / "reg"
    gm(capsys, repo, "init", *WHO)
    (repo / "data.csv").write_text("1,2\n")
    for words in (["add", "-q", "data.csv"], ["push", "-q"]):
        done = subprocess.run([*DVC, *words], cwd=repo, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
    assert list((tmp_path / "reg.artifacts").rglob("*/*/*"))


def test_a_bare_remote_gets_the_first_commit(tmp_path, capsys, bare, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, made, err = gm(capsys, "reg", "init", *WHO, "--remote", "remote.git")
    assert (status, made["pushed"]) == (0, str(bare))
    assert output(bare, "rev-parse", "main") == made["pin"]
    assert output(tmp_path / "reg", "rev-parse", "--abbrev-ref", "main@{upstream}") == "origin/main"
    assert "colleagues need one" in err


def test_people_may_come_from_a_file(tmp_path, capsys, home):
    key = home / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True)
    git(tmp_path, "config", "--global", "gpg.format", "ssh")
    git(tmp_path, "config", "--global", "user.signingkey", str(key))
    entry = {"id": "ada", "emails": ["ada@example.org"], "keys": [{"type": "ssh", "key": key_line(key)}]}
    people = tmp_path / "people.yaml"
    fields = {"apiVersion": "gitops-models/v1", "kind": "People", "people": [entry | {"roles": ["technical-lead"]}]}
    people.write_text(json.dumps(fields))
    assert gm(capsys, tmp_path / "reg", "init", *WHO, "--people", str(people), "--profile", "solo")[0] == 0
    assert "technical-lead" in (tmp_path / "reg" / "policies" / "people.yaml").read_text()


def key_line(key):
    return " ".join(key.with_name(f"{key.name}.pub").read_text().split()[:2])


def test_a_second_run_is_refused_and_changes_nothing(tmp_path, capsys):
    repo = tmp_path / "reg"
    gm(capsys, repo, "init", *WHO)
    before = state(tmp_path)
    status, error = refused(capsys, repo, "init", *WHO)
    assert (status, error["code"]) == (7, "GM-C111")
    assert state(tmp_path) == before


def test_a_clone_is_told_that_it_only_lacks_its_pin(tmp_path, capsys):
    gm(capsys, tmp_path / "reg", "init", *WHO)
    git(tmp_path, "clone", "-q", "reg", "clone")
    status, error = refused(capsys, tmp_path / "clone", "init", *WHO)
    assert (status, error["code"], "gm trust pin" in error["hint"]) == (7, "GM-C111", True)


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        ([], 2, "GM-C120"),
        ([*WHO, "--profile", "minimal"], 3, "GM-C113"),
        ([*WHO, "--profile", "huge"], 2, "GM-P707"),
        ([*WHO, "--people", "nobody.yaml"], 6, "GM-A101"),
        ([*WHO, "--person", "Ada!"], 2, "GM-D021"),
        ([*WHO, "--remote", "/nowhere/at/all.git"], 9, "GM-S201"),
        ([*WHO, "--models", "../up"], 2, "GM-D021"),
        ([*WHO, "--forge", "svn"], 2, "GM-C002"),
    ],
)
def test_what_cannot_begin_leaves_no_repository_behind(words, status, code, tmp_path, capsys):
    repo = tmp_path / "reg"
    found, error = refused(capsys, repo, "init", *words)
    assert (found, error["code"]) == (status, code), error
    assert not repo.exists()
    repo.mkdir()
    assert refused(capsys, repo, "init", *words)[0] == status
    assert list(repo.iterdir()) == []


@pytest.mark.parametrize("path", ["gm.yaml", "policies/people.yaml", ".dvc/config"])
def test_a_file_in_the_way_is_never_written_over(path, existing, capsys):
    (existing / path).parent.mkdir(exist_ok=True)
    (existing / path).write_text("mine\n")
    status, error = refused(capsys, existing, "init", *WHO)
    assert (status, error["code"], error["where"]) == (7, "GM-C205", path)
    assert (existing / path).read_text() == "mine\n"
    assert output(existing, "log", "--format=%s") == "begin"


def test_a_remote_with_other_commits_is_not_written_to(tmp_path, capsys, existing, bare):
    git(existing, "push", "-q", str(bare), "trunk:main")
    status, error = refused(capsys, tmp_path / "reg", "init", *WHO, "--remote", str(bare))
    assert (status, error["code"]) == (7, "GM-C206")
    assert not (tmp_path / "reg").exists()


def test_a_refused_push_leaves_the_clone_as_it_was_and_init_works_later(existing, capsys, bare):
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho closed today; exit 1\n")
    hook.chmod(0o755)
    status, error = refused(capsys, existing, "init", *WHO, "--remote", str(bare))
    assert (status, error["code"]) == (3, "GM-S203")
    assert output(existing, "log", "--format=%s") == "begin"
    assert (output(existing, "remote"), (existing / "gm.yaml").exists()) == ("", False)
    hook.unlink()
    assert gm(capsys, existing, "init", *WHO, "--remote", str(bare))[0] == 0


def test_an_init_killed_before_the_branch_moved_can_be_run_again(tmp_path, capsys, monkeypatch):
    def killed(*_args, **_settings):
        raise KeyboardInterrupt

    git(tmp_path, "init", "-q", "-b", "main", "reg")
    with monkeypatch.context() as patch:
        patch.setattr("gitops_models.workflows.setup.fast_forward", killed)
        assert run(["-C", str(tmp_path / "reg"), "--no-input", "init", *WHO]) == 130
    assert gm(capsys, tmp_path / "reg", "init", *WHO)[0] == 0
    assert run(["-C", str(tmp_path / "reg"), "doctor"]) == 0


def at_a_terminal(answers, *words, cwd):
    """Run gm with a terminal for stdin and stderr; stdout stays data."""
    leading, following = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "gitops_models", *words],
        cwd=cwd,
        stdin=following,
        stderr=following,
        stdout=subprocess.PIPE,
    )
    os.close(following)
    os.write(leading, answers.encode())
    out = child.communicate(timeout=60)[0].decode()
    shown = os.read(leading, 65536).decode()
    os.close(leading)
    return child.returncode, out, shown


def test_at_a_terminal_init_asks_for_what_it_needs(tmp_path):
    status, out, shown = at_a_terminal("Ada\nada@example.org\n\n", "init", cwd=tmp_path)
    assert status == 0, shown
    assert ("Your name" in shown, "Make one, for this repository only?" in shown) == (True, True)
    assert "set up" in out
    assert output(tmp_path, "config", "--local", "user.email") == "ada@example.org"


def test_at_a_terminal_no_key_is_made_against_the_users_will(tmp_path):
    status, _, shown = at_a_terminal("n\n", "init", *WHO, cwd=tmp_path)
    assert (status, "GM-T200" in shown) == (4, True)
    assert list(tmp_path.iterdir()) == []


def test_with_yes_nobody_is_asked(tmp_path):
    status, _, shown = at_a_terminal("", "init", "--yes", *WHO, cwd=tmp_path)
    assert (status, "?" in shown) == (0, False)


def test_a_locked_key_nobody_can_unlock_is_named_and_nothing_is_made(tmp_path, home):
    key = home / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "sesame", "-f", str(key)], check=True)
    git(tmp_path, "config", "--global", "gpg.format", "ssh")
    git(tmp_path, "config", "--global", "user.signingkey", str(key))
    refused = subprocess.run(
        [sys.executable, "-m", "gitops_models", "init", *WHO],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert (refused.returncode, b"GM-T203" in refused.stderr) == (4, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == []
