"""Nothing that a repository brings along is ever run: hooks, drivers, monitors, transports, submodules, settings."""

import subprocess
import sys
from pathlib import Path

import pytest

from gitops_models.registry.snapshot import Entry
from gitops_models.store.config import add_remote
from gitops_models.store.repository import Store
from gitops_models.store.transport import fetch
from tests.support.git import init_repository, run_git
from tests.support.refusals import why_refused
from tests.support.stories import stage_file
from tests.support.victim import Canary

HOOKS = (
    *("applypatch-msg", "commit-msg", "fsmonitor-watchman", "post-checkout", "post-commit", "post-index-change"),
    *("post-merge", "post-rewrite", "pre-auto-gc", "pre-commit", "pre-merge-commit", "pre-push", "pre-rebase"),
    *("prepare-commit-msg", "push-to-checkout", "reference-transaction", "sendemail-validate", "update"),
)
READING = (("log",), ("status",), ("list",), ("verify",), ("proposals",), ("show", "fraud@1.1.0"), ("doctor",))


@pytest.fixture
def canary(tmp_path):
    return Canary(tmp_path / "cage")


def code_in(text):
    """The code of the error that gm printed."""
    return next((line[6:13] for line in text.splitlines() if line.startswith("error[")), None)


def write_and_push(victim):
    """Propose, approve and try to land with gm: what writes objects and refs, and pushes."""
    assert victim.gm("promote", "fraud@1.1.0", "--to", "staging", "-m", "better")[0] == 0
    (branch,) = victim.server.store.refs("refs/heads/gm/")
    proposal = branch.removeprefix("refs/heads/")
    assert victim.gm("approve", proposal)[0] == 0  # the author's own word, which counts for nothing
    assert victim.gm("merge", proposal)[0] == 3


# Hooks


@pytest.mark.attack("hooks planted in the clone and over core.hooksPath", "ignored", by="author")
@pytest.mark.parametrize("where", ["hooks", "core.hooksPath", "init.templateDir"])
def test_no_hook_of_a_repository_runs(victim, canary, where, tmp_path):
    folder = victim.path / (".git/hooks" if where == "hooks" else "tools/hooks")
    folder.mkdir(parents=True, exist_ok=True)
    for name in HOOKS:
        (folder / name).write_text(f"#!/bin/sh\nexec {canary.command} {name}\n")
        (folder / name).chmod(0o755)
    if where == "core.hooksPath":
        victim.configure(**{"core.hooksPath": "tools/hooks"})
    if where == "init.templateDir":
        victim.configure(**{"init.templateDir": str(folder.parent)})
        served = ["reconcile", "--dir", str(tmp_path / "srv"), "--once"]
        victim.gm(*served)  # makes its own repository, from no template
    assert [victim.gm(*words)[0] for words in READING[:4]] == [0, 0, 0, 0]
    write_and_push(victim)
    assert not canary.sang()


# Attributes and drivers


@pytest.mark.attack("drivers and filters named by .gitattributes", "ignored", by="author")
def test_no_driver_that_attributes_name_runs_on_what_is_judged(victim, canary):
    """Even where the victim has such drivers: content under judgement is read as objects, not through them."""
    server = victim.server
    attributes = b"* filter=evil diff=evil merge=evil -text working-tree-encoding=UTF-16\n"
    config = f'[filter "evil"]\nsmudge = {canary.command}\n'.encode()
    head = server.commit({".gitattributes": attributes, ".gitconfig": config, **stage_file(server, "1.1.0", "staging")})
    branch = "gm/promotion/fraud/1.1.0/staging/3fa9c1d2"
    server.force(head, f"refs/heads/{branch}")
    for driver in ("filter.evil.smudge", "filter.evil.clean", "filter.evil.process", "diff.evil.textconv"):
        victim.configure(**{driver: canary.command})
    victim.configure(**{"diff.evil.command": canary.command, "merge.evil.driver": canary.command})
    victim.configure(**{"diff.external": canary.command, "core.attributesFile": str(victim.path / ".gitattributes")})
    (victim.path / ".gitattributes").write_bytes(attributes)
    assert victim.gm("check", branch)[0] == 3  # no approval yet, and nothing else is wrong
    assert victim.gm("show", branch)[0] == 0
    assert victim.gm("diff", "fraud@1.0.0", "fraud@1.1.0")[0] == 0
    assert [victim.gm(*words)[0] for words in READING[:6]] == [0] * 6
    assert not canary.sang()


# A repository among the files of a repository


def embed(victim, canary, *, bare):
    """Commit files that look like a bare repository whose settings run the canary, as anybody can."""
    inner = victim.path / "vendor" / "evil.git"
    init_repository(inner, victim.path.parent, bare=True)
    settings = {"core.fsmonitor": canary.command, "core.sshCommand": canary.command, "core.bare": str(bare).lower()}
    settings |= {"credential.helper": f"!{canary.command}", "core.hooksPath": str(canary.program.parent)}
    settings |= {"remote.origin.url": "ssh://host/r", "gpg.ssh.program": canary.command}
    settings |= {} if bare else {"core.worktree": ".."}
    for name, value in settings.items():
        run_git(inner, "config", name, value, home=victim.path.parent)
    for folder in ("refs/heads", "objects/info", "objects/pack", "refs/tags"):
        (inner / folder / "keep").write_text("")
    victim.clone.commit({"README.md": "x"}, "vendored")
    return inner


@pytest.mark.attack("a bare repository among the files, with fsmonitor and ssh command", "GM-S220", by="author")
@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("below", [".", "objects"])
def test_a_repository_made_of_tracked_files_is_refused(victim, canary, bare, below):
    inner = embed(victim, canary, bare=bare)
    refs = victim.refs()
    for words in (("log",), ("status",), ("verify",), ("promote", "fraud@1.1.0", "-m", "x"), ("trust", "pin", "HEAD")):
        status, _, said = victim.gm(*words, directory=inner / below)
        assert (status, code_in(said)) == (5, "GM-S220"), (words, said)
    assert not canary.sang()
    assert victim.refs() == refs
    assert not (inner / "gm").exists()


@pytest.mark.attack("a damaged index that hides an embedded repository", "GM-S220", by="author")
def test_where_the_index_cannot_be_read_an_embedded_repository_is_refused(victim, canary):
    inner = embed(victim, canary, bare=True)
    (victim.path / ".git" / "index").write_bytes(b"DIRC garbage")
    assert why_refused(Store.discover, inner) == "GM-S220"


@pytest.mark.lookalike("a bare repository that merely lies in a work tree")
@pytest.mark.lookalike("the checkout of a submodule and a linked work tree")
def test_repositories_that_a_person_put_there_open(victim, tmp_path):
    init_repository(victim.path / "scratch.git", tmp_path, bare=True)
    assert Store.discover(victim.path / "scratch.git").bare
    init_repository(tmp_path / "lib", tmp_path)
    run_git(tmp_path / "lib", "commit", "-q", "--allow-empty", "-m", "x", home=tmp_path)
    victim.clone.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(tmp_path / "lib"), "lib")
    assert Store.discover(victim.path / "lib").work_tree == victim.path / "lib"
    victim.clone.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    assert Store.discover(tmp_path / "linked").common_dir == victim.path / ".git"
    assert Store.discover(victim.path / ".git").git_dir == victim.path / ".git"
    init_repository(tmp_path / "alone.git", tmp_path, bare=True)
    assert Store.discover(tmp_path / "alone.git" / "objects").bare


# Transports


ADDRESSES = {
    "ext::": "ext::sh -c {canary}%20x",
    "fd::": "fd::17",
    "a helper of its own": "evil::x",
    "git://": "git://127.0.0.1/r",
    "http://": "http://127.0.0.1/r",
    "ftp://": "ftp://127.0.0.1/r",
    "an option": "--upload-pack={canary}",
    "an option as host": "ssh://-oProxyCommand={canary}/r",
    "an option as host after a user": "git@-oProxyCommand=canary:r",
    "an option as scp host": "-oProxyCommand=canary:r",
    "a line break": "https://host/\n{canary}",
}


@pytest.mark.attack("a transport that runs a command (ext::)", "GM-S017", by="forge")
@pytest.mark.attack("an address that is an option for git or ssh", "GM-S017", by="forge")
@pytest.mark.parametrize("case", ADDRESSES)
def test_an_address_that_runs_something_is_refused(server, canary, case):
    address = ADDRESSES[case].format(canary=canary.command)
    with server.untouched():
        assert why_refused(fetch, server.store, address, ["+refs/heads/main:refs/x/main"]) == "GM-S017"
        assert why_refused(add_remote, server.store, "evil", address) == "GM-S017"
    assert not canary.sang()


@pytest.mark.attack("an address that the configuration rewrites to ext::", "GM-S017", by="forge")
@pytest.mark.parametrize("how", ["url", "insteadOf", "pushInsteadOf", "vcs"])
def test_a_configured_address_that_runs_something_reaches_nothing(victim, canary, how):
    evil = f"ext::{canary.command} x"
    if how == "url":
        victim.configure(**{"remote.origin.url": evil})
    elif how == "vcs":
        victim.configure(**{"remote.origin.vcs": "ext"})
    else:
        victim.configure(**{f"url.{evil}.{how}": str(victim.server.path)})
    refs = victim.refs()
    status, _, said = victim.gm("promote", "fraud@1.1.0", "--to", "staging", "-m", "x")
    assert (status, code_in(said)) == (2, "GM-S017"), said
    assert not canary.sang()
    assert victim.refs() == refs


# Names that look like options


OPTIONS = {
    "at": (("at", "--", "--output={trace}"), "GM-C154"),
    "explain": (("verify", "--explain", "--output={trace}"), "GM-C154"),
    "pin": (("trust", "pin", "--", "--upload-pack={canary}"), "GM-S012"),
    "check": (("check", "--", "--upload-pack={canary}"), "GM-F101"),
    "show": (("show", "--", "--output={trace}"), "GM-F101"),
    "approve": (("approve", "--", "-oProxyCommand={canary}"), "GM-F101"),
    "merge": (("merge", "--", "--exec={canary}"), "GM-F101"),
    "fetch": (("fetch", "-o", "x", "--", "--output={trace}"), "GM-D012"),
    "promote": (("promote", "-m", "x", "--", "--exec={canary}"), "GM-D012"),
}


@pytest.mark.attack(
    "an option in the place of a name, version, revision or proposal", "GM-D012", "GM-S012", by="author"
)
@pytest.mark.parametrize("case", OPTIONS)
def test_an_option_in_the_place_of_a_name_is_no_option(victim, canary, case):
    words, code = OPTIONS[case]
    refs = victim.refs()
    _, _, said = victim.gm(*(word.format(canary=canary.command, trace=canary.trace) for word in words))
    assert code_in(said) == code, said
    assert not canary.sang()
    assert victim.refs() == refs


@pytest.mark.attack("branches and tags whose names are options", "ignored", by="author")
def test_refs_that_are_called_like_options_are_read_as_names(victim, canary):
    server = victim.server
    for name in (f"--upload-pack={canary.command}", "-oProxyCommand=x", "--exec=x", "gm/--exec/x/-/-/3fa9c1d2"):
        server.force(server.tip, f"refs/heads/{name}")
        server.force(server.tip, f"refs/tags/{name}")
    assert [victim.gm(*words)[0] for words in READING[:5]] == [0] * 5
    assert not canary.sang()


# Submodules, and paths that are not for a work tree


def tree(server, *lines):
    """A raw tree object: lines of (mode, name, object id)."""
    data = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, name, oid in lines)
    return str(server.store.libgit2.odb.write(2, data))


def fetched(victim, top):
    """The code with which the victim's gm refuses to fetch a proposal with this tree; None when it comes in."""
    server = victim.server
    who = "x <x@example.org> 1800000000 +0000"
    raw = f"tree {top}\nparent {server.tip}\nauthor {who}\ncommitter {who}\n\nx\n"
    head = str(server.store.libgit2.odb.write(1, raw.encode()))
    server.force(head, "refs/heads/gm/change/fraud/-/-/3fa9c1d2")
    status, _, said = victim.gm("log")
    assert status in (0, 5), said
    return code_in(said)


@pytest.mark.attack("a submodule whose update runs a command, or whose address is an option", "GM-S208", by="author")
@pytest.mark.parametrize("setting", ["update = !{canary}", "url = --upload-pack={canary}", "path = -c/{canary}"])
def test_a_submodule_that_runs_a_command_does_not_come_in(victim, canary, setting):
    server = victim.server
    modules = f'[submodule "evil"]\n\tpath = evil\n\turl = https://h/x\n\t{setting.format(canary=canary.command)}\n'
    files = {".gitmodules": modules.encode(), "evil": Entry(0o160000, server.tip)}
    refs = victim.store.refs()
    assert fetched(victim, server.store.commit(server.commit(files)).tree) == "GM-S208"
    assert victim.store.refs() == refs
    assert not canary.sang()


@pytest.mark.lookalike("an ordinary submodule outside of governed paths")
def test_an_ordinary_submodule_is_left_alone(victim, canary):
    """The victim's own settings would update submodules, and run something to do so."""
    server = victim.server
    modules = b'[submodule "lib"]\n\tpath = lib\n\turl = https://127.0.0.1/x\n'
    server.commit({".gitmodules": modules, "lib": Entry(0o160000, server.tip)}, land=True)
    settings = {"submodule.recurse": "true", "submodule.lib.active": "true", "fetch.recurseSubmodules": "true"}
    settings |= {"submodule.lib.url": f"ext::{canary.command}", "submodule.lib.update": f"!{canary.command}"}
    settings |= {"diff.submodule": "diff", "status.submoduleSummary": "true"}
    victim.configure(**settings)
    assert [victim.gm(*words)[0] for words in READING[:5]] == [0] * 5
    write_and_push(victim)
    assert not canary.sang()


HOSTILE = {
    "a directory called .git": [("40000", ".git")],
    "a directory called .GIT": [("40000", ".GIT")],
    "a name that HFS+ reads as .git": [("40000", ".g\u200cit")],
    "a name that NTFS reads as .git": [("40000", "git~1")],
    "a parent directory": [("40000", "..")],
    "a path as name": [("100644", "a/../../evil")],
    "names out of order": [("100644", "b"), ("100644", "a")],
    "a name twice": [("100644", "a"), ("100644", "a")],
}


@pytest.mark.attack("a tree entry called .git, or that other systems read as .git", "GM-S208", by="author")
@pytest.mark.attack("a tree entry that climbs out of the work tree", "GM-S208", by="author")
@pytest.mark.attack("a tree that two readers read differently", "GM-S208", by="author")
@pytest.mark.parametrize("case", HOSTILE)
def test_a_tree_that_writes_elsewhere_does_not_come_in(victim, case, tmp_path):
    server = victim.server
    blob = server.entry(b"#!/bin/sh\n").oid
    below = tree(server, ("100755", "post-checkout", blob))
    entries = [(mode, name, below if mode == "40000" else blob) for mode, name in HOSTILE[case]]
    assert fetched(victim, tree(server, *entries)) == "GM-S208"
    assert not (tmp_path / "evil").exists()


@pytest.mark.attack("a file written through a symbolic link of an earlier commit", "ignored", by="author")
def test_nothing_is_written_through_a_link_of_an_earlier_commit(victim, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    server = victim.server
    link = Entry(0o120000, server.entry(str(outside).encode()).oid)
    server.commit({"lib": link}, land=True)
    victim.clone.git("pull", "--quiet", "--ff-only")
    assert (victim.path / "lib").is_symlink()
    server.commit({"lib": None}, land=True)
    server.commit({"lib/post-checkout": b"#!/bin/sh\n"}, land=True)
    proposal = server.promote("fraud", "1.1.0", "staging")
    server.approve(proposal, "lead")
    victim.server.clock.tick(hours=1)
    assert victim.gm("merge", proposal.id)[0] == 0
    assert list(outside.iterdir()) == []
    assert (victim.path / "lib" / "post-checkout").is_file()
    assert not (victim.path / "lib").is_symlink()


# The environment


@pytest.mark.attack("GIT_* variables that run a program or point elsewhere", "ignored", by="ci")
def test_no_git_variable_of_the_environment_steers_gm(victim, canary, tmp_path):
    init_repository(tmp_path / "other", tmp_path)
    names = (
        *("GIT_SSH_COMMAND", "GIT_SSH", "GIT_ASKPASS", "GIT_EDITOR", "GIT_PAGER", "GIT_EXTERNAL_DIFF"),
        *("GIT_PROXY_COMMAND", "GIT_SEQUENCE_EDITOR", "GIT_PYTHON_GIT_EXECUTABLE"),
    )
    environ = dict.fromkeys(names, canary.command)
    environ |= {"GIT_DIR": str(tmp_path / "other" / ".git"), "GIT_WORK_TREE": str(tmp_path / "other")}
    environ |= {"GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": canary.command}
    environ |= {"GIT_CONFIG_KEY_1": "core.sshCommand", "GIT_CONFIG_VALUE_1": canary.command}
    environ |= {"GIT_CONFIG_PARAMETERS": f"'core.fsmonitor={canary.command}'", "GIT_TEMPLATE_DIR": str(tmp_path)}
    environ |= {"GIT_EXEC_PATH": str(canary.program.parent), "GIT_TRACE": str(canary.trace)}
    environ |= {"GIT_TRACE2_EVENT": str(canary.trace), "GIT_TRACE_PACKET": str(canary.trace)}
    environ |= {"GIT_OBJECT_DIRECTORY": str(tmp_path / "other" / ".git" / "objects")}
    environ |= {"GIT_ALLOW_PROTOCOL": "ext", "GIT_NO_REPLACE_OBJECTS": "0", "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    status, _, said = victim.gm_program("promote", "fraud@1.1.0", "--to", "staging", "-m", "x", **environ)
    assert status == 0, said
    assert len(victim.server.store.refs("refs/heads/gm/")) == 1
    assert not canary.sang(), canary.trace.read_text()[:3000]


@pytest.mark.attack("Python modules planted where gm is run", "ignored", by="author")
def test_no_module_of_the_current_directory_is_imported(victim, canary):
    for name in ("yaml", "typer", "pygit2", "gitops_models", "sitecustomize", "dvc"):
        (victim.path / f"{name}.py").write_text(f"import os; os.system('{canary.command} {name}')\n")
    program = str(Path(sys.executable).parent / "gm")
    done = subprocess.run([program, "log"], cwd=victim.path, capture_output=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    assert not canary.sang()
