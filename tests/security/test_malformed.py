"""Trees that no two programs need to read alike: such a step is refused, the walk goes on, and a clone that lacks
objects is called damaged instead."""

import json

import pygit2
import pytest

from gitops_models.cli.run import run
from gitops_models.errors import GmError
from gitops_models.store.objects import Ident
from gitops_models.store.trees import Node, read_tree, render_tree
from gitops_models.store.writer import write_blob, write_commit
from gitops_models.workflows.session import first_governed
from tests.support.keys import ed25519_key
from tests.support.stories import last, stage_file

TREE = pygit2.enums.ObjectType.TREE
FIELDS = ["oid", "type", "verdict", "code", "scheme", "fingerprint", "principal", "touch", "time"]
PLACES = ["", "models", "models/fraud", "models/fraud/stages", "policies"]


def doubled(data):
    return data + data


def unsorted(data):
    return data + b"100644 !\0" + b"\1" * 20


def cut(data):
    return data[:-1]


def rubbish(_data):
    return b"\0\0no tree\n"


def empty_name(_data):
    return b"100644 \0" + b"\1" * 20


def broken_tree(registry, place, change):
    """The tip's tree with the directory at ``place`` written so that it is malformed; None for ``change`` a blob."""
    store = registry.store
    names = place.split("/") if place else []
    trees = [store.commit(registry.tip).tree]
    for name in names:
        trees.append(read_tree(store, trees[-1])[name].oid)
    if change is None:
        oid = write_blob(store, b"no directory")
    else:
        oid = str(store.libgit2.odb.write(TREE, change(store.typed(trees[-1], "tree"))))
    for name, tree in zip(reversed(names), reversed(trees[:-1]), strict=True):
        nodes = read_tree(store, tree) | {name: Node(name, 0o040000, oid)}
        oid = str(store.libgit2.odb.write(TREE, render_tree(nodes)))
    return oid


def commit(registry, tree, *parents, by="engineer"):
    """A signed commit with this very tree."""
    ident = Ident(by, f"{by}@example.org", int(registry.clock.now().timestamp()))
    sign = ed25519_key(by).sign
    return write_commit(
        registry.store, tree, parents or [registry.tip], "x", ident, ident, lambda data: sign(data, "git")
    )


def goes_on(registry, good):
    """Whether a step that brings the good tree back, and one after it, are judged as if nothing had been."""
    registry.force(commit(registry, good))
    assert last(registry).status == "restored"
    registry.commit(stage_file(registry, "1.0.0", "staging", "spam"), land=True)
    return registry.history().blocked <= {"model:spam"}


@pytest.mark.attack("a malformed directory on governed history", "GM-P003", by="forge")
@pytest.mark.parametrize("change", [doubled, unsorted, cut, rubbish, empty_name, None], ids=lambda one: str(one)[:12])
@pytest.mark.parametrize("place", PLACES)
def test_a_step_with_a_malformed_directory_is_refused_and_the_next_one_judged(registry, place, change):
    good, live = registry.store.commit(registry.tip).tree, registry.live_version("fraud", "staging")
    registry.force(commit(registry, broken_tree(registry, place, change)))
    step = last(registry)
    assert (step.status, "GM-P003" in step.verdict.codes) == ("denied", True)
    assert registry.live_version("fraud", "staging") == live
    assert goes_on(registry, good)


@pytest.mark.attack("a malformed directory inside a proposal", "GM-P003", by="author")
@pytest.mark.parametrize("place", PLACES)
def test_a_proposal_with_a_malformed_directory_is_refused_and_the_next_step_judged(registry, place):
    tip, good = registry.tip, registry.store.commit(registry.tip).tree
    bad = broken_tree(registry, place, doubled)
    head = commit(registry, bad)
    registry.force(commit(registry, bad, tip, head))
    step = last(registry)
    assert (step.status, "GM-P003" in step.verdict.codes) == ("denied", True)
    assert goes_on(registry, good)


@pytest.mark.attack("a malformed directory that a later commit of the proposal hides", "GM-P801", by="author")
def test_a_malformed_directory_in_the_middle_of_a_proposal_touches_what_it_holds(registry):
    """The step's own tree is good, and whoever signed the commit in the middle is asked for what it did."""
    tip, good = registry.tip, registry.store.commit(registry.tip).tree
    bad = commit(registry, broken_tree(registry, "models/fraud", doubled), by="nobody")
    head = registry.commit(stage_file(registry, "1.1.0", "staging"), parents=[bad], tree=good)
    registry.force(commit(registry, registry.store.commit(head).tree, tip, head))
    assert last(registry).status == "denied"
    assert "GM-P801" in last(registry).verdict.codes


@pytest.mark.parametrize("prefix", ["", "models", "policies"])
def test_a_clone_that_lacks_a_tree_is_damaged(registry, prefix):
    nodes = read_tree(registry.store, registry.store.commit(registry.tip).tree)
    tree = str(registry.store.libgit2.odb.write(TREE, render_tree(nodes)))
    missing = "12" * 20
    if prefix:
        changed = nodes | {prefix: Node(prefix, 0o040000, missing)}
        tree = str(registry.store.libgit2.odb.write(TREE, render_tree(changed)))
    registry.force(commit(registry, tree if prefix else missing))
    with pytest.raises(GmError) as caught:
        registry.history()
    assert caught.value.code == "GM-S013"


def test_a_clone_without_a_pin_begins_after_what_cannot_be_read(registry):
    """Old history from before gm may hold such trees: they have no gm.yaml that counts."""
    old = commit(registry, broken_tree(registry, "", doubled), registry.pin)
    store = registry.store
    new = commit(registry, store.commit(registry.tip).tree, old)
    assert first_governed(store, new) == registry.pin
    root = write_commit(store, broken_tree(registry, "", doubled), [], "x", *[Ident("x", "x@example.org", 1)] * 2)
    first = commit(registry, store.commit(registry.tip).tree, root)
    assert first_governed(store, first) == first


WHO = "x <x@example.org> 1800000000 +0000"
ODD = {
    "no author": "tree {tree}\nparent {tip}\n\nm\n",
    "no date": "tree {tree}\nparent {tip}\nauthor x <x> abc\ncommitter x <x> 99999999999999999 +0\n\nm\n",
    "an id in capitals": "tree {TREE}\nparent {tip}\nauthor {who}\ncommitter {who}\n\nm\n",
    "a NUL": "tree {tree}\nparent {tip}\nauthor {who}\ncommitter {who}\n\nm\0 more\n",
    "a header of bytes": "tree {tree}\nparent {tip}\nauthor {who}\ncommitter {who}\nencoding \xff\n\nm\n",
    "no message": "tree {tree}\nparent {tip}\nauthor {who}\ncommitter {who}\n",
}
NONE_TO_GIT = {
    "nothing": "",
    "no tree": "parent {tip}\nauthor {who}\ncommitter {who}\n\nm\n",
    "words": "no commit at all",
}


def odd(registry, form, tree):
    """A commit object of this form, as a server without checks of its own takes it."""
    text = form.format(tree=tree, TREE=tree.upper(), tip=registry.tip, who=WHO)
    return str(registry.store.libgit2.odb.write(pygit2.enums.ObjectType.COMMIT, text.encode("latin-1")))


def staged(registry):
    """The tip's tree with a promotion that nobody approved."""
    commit_of = registry.commit(stage_file(registry, "1.1.0", "staging"), parents=[registry.tip])
    return registry.store.commit(commit_of).tree


@pytest.mark.attack("a commit that libraries cannot parse, as a step", "GM-P801", by="forge")
@pytest.mark.parametrize("name", ODD)
def test_an_odd_commit_on_the_line_is_refused_and_the_next_one_judged(registry, name):
    good, live = registry.store.commit(registry.tip).tree, registry.live_version("fraud", "staging")
    registry.force(odd(registry, ODD[name], staged(registry)))
    step = last(registry)
    assert (step.status, "GM-P801" in step.verdict.codes) == ("denied", True)
    assert registry.live_version("fraud", "staging") == live
    assert goes_on(registry, good)


@pytest.mark.attack("a commit that libraries cannot parse, in a proposal", "GM-P801", by="author")
@pytest.mark.parametrize("name", ODD)
def test_an_odd_commit_in_a_proposal_is_refused_and_the_next_step_judged(registry, name):
    good, tree = registry.store.commit(registry.tip).tree, staged(registry)
    head = odd(registry, ODD[name], tree)
    registry.force(commit(registry, tree, registry.tip, head))
    step = last(registry)
    assert (step.status, "GM-P801" in step.verdict.codes) == ("denied", True)
    assert goes_on(registry, good)


@pytest.mark.parametrize("name", NONE_TO_GIT)
def test_what_is_no_commit_to_git_either_is_a_damaged_clone(registry, name):
    """No ref of git's can hold it and no push brings it: only a damaged disk or a lying transport does."""
    oid = odd(registry, NONE_TO_GIT[name], registry.store.commit(registry.tip).tree)
    with pytest.raises(GmError) as caught:
        registry.force(oid)
    assert caught.value.code == "GM-S009"
    step = commit(registry, staged(registry), registry.tip, oid)
    for tip in (oid, step):
        with pytest.raises(GmError) as caught:
            registry.history(tip)
        assert caught.value.code == "GM-S013"


def test_the_plumbing_gives_a_verdict_on_every_odd_commit_and_goes_on(registry, tmp_path, capsys):
    for number, form in enumerate(ODD.values()):
        registry.force(odd(registry, form, registry.store.commit(registry.tip).tree), f"refs/heads/odd{number}")
    registry.force(commit(registry, broken_tree(registry, "", doubled)), "refs/heads/tree")
    allowed = tmp_path / "allowed"
    allowed.write_text(f"*@example.org {ed25519_key('engineer').public_key}\n")
    capsys.readouterr()
    status = run(["-C", str(registry.path), "trust", "verify", "--all", "--allowed-signers", str(allowed), "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert status == 5
    assert all(list(line) == FIELDS for line in lines)
    codes = {line["oid"]: line["code"] for line in lines}
    heads = [codes[registry.store.ref(f"refs/heads/odd{number}")] for number in range(len(ODD))]
    assert heads == ["GM-T035", "GM-T035", "GM-T035", "GM-T032", "GM-T001", "GM-T035"]
    assert codes[registry.store.ref("refs/heads/tree")] is None
