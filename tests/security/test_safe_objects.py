"""Objects made to exhaust or mislead a reader: trees without end, huge blobs, swapped bytes, names in disguise."""

import pytest

from gitops_models.errors import GmError
from gitops_models.registry.snapshot import Entry
from gitops_models.store import trees
from gitops_models.store.objects import Ident
from gitops_models.store.writer import write_blob, write_tag
from gitops_models.trust.ledgerrefs import changes_topic
from gitops_models.workflows.hook import Moved, pre_receive
from gitops_models.workflows.merging import merge
from tests.support.keys import ed25519_key
from tests.support.stories import last, ledger_ref, stage_file

MAIN = "refs/heads/main"
LINK, GITLINK, DIRECTORY = 0o120000, 0o160000, 0o40000


def tree(registry, lines):
    """A raw tree object: (mode, name, object id), in Git's order."""
    data = b"".join(b"%o %s\0%s" % (mode, name.encode(), bytes.fromhex(oid)) for mode, name, oid in lines)
    return str(registry.store.libgit2.odb.write(2, data))


def deep(registry, levels=1500):
    """A file below 1,500 directories: beyond Python's recursion."""
    oid = tree(registry, [(0o100644, "a.yaml", write_blob(registry.store, b"a"))])
    for _ in range(levels):
        oid = tree(registry, [(DIRECTORY, "d", oid)])
    return oid


def bomb(registry, levels=12, width=50):
    """Some kilobytes that stand for 50^12 files ("git bomb")."""
    oid = tree(registry, [(0o100644, "a.yaml", write_blob(registry.store, b"a"))])
    for _ in range(levels):
        oid = tree(registry, [(DIRECTORY, f"d{number:02}", oid) for number in range(width)])
    return oid


BOMB = pytest.param(bomb, marks=pytest.mark.unmeasured)


def planted(registry, path, oid):
    """A commit on the tip that has the directory ``oid`` at ``path``."""
    head = registry.commit({f"{path}/placeholder": b"x"})
    top = registry.store.commit(head).tree
    for part in [path]:
        top = replaced(registry, top, part.split("/"), oid)
    return registry.commit({}, tree=top)


def replaced(registry, top, parts, oid):
    nodes = trees.read_tree(registry.store, top)
    below = oid if len(parts) == 1 else replaced(registry, nodes[parts[0]].oid, parts[1:], oid)
    nodes[parts[0]] = trees.Node(parts[0], DIRECTORY, below)
    return str(registry.store.libgit2.odb.write(2, trees.render_tree(nodes)))


def knock(registry, commit):
    with registry.untouched():
        judgement = pre_receive(registry.path, [Moved(MAIN, registry.tip, commit)], registry.clock)
    return tuple(refusal.code for refusal in judgement.refusals)


@pytest.mark.attack("directories nested beyond any recursion", "GM-P003", by="author")
@pytest.mark.attack("a few trees that stand for files without number", "GM-P003", by="author")
@pytest.mark.parametrize("shape", [deep, BOMB])
@pytest.mark.parametrize("path", ["models/fraud/versions", "models/fraud/x", "policies/x"])
def test_a_tree_without_end_is_refused_and_stops_no_reader(registry, shape, path):
    """A reader that walked it to its end would meet the time limit of the test."""
    live = {name: registry.live_version(name, "staging") for name in ("fraud", "spam")}
    commit = planted(registry, path, shape(registry))
    assert "GM-P003" in knock(registry, commit)
    good = registry.store.commit(registry.tip).tree
    registry.force(commit)
    assert (last(registry).status, "GM-P003" in last(registry).verdict.codes) == ("denied", True)
    assert {name: registry.live_version(name, "staging") for name in live} == live
    registry.commit({}, tree=good, land=True)
    assert (last(registry).status, registry.history().blocked) == ("restored", frozenset())
    if not path.startswith("policies"):
        registry.live("spam", "1.0.0", "production")
        assert registry.live_version("spam", "production") == "1.0.0"


@pytest.mark.attack("a tree without end outside of governed paths, to be merged", "GM-S221", by="author")
@pytest.mark.parametrize("shape", [deep, BOMB])
def test_a_tree_without_end_elsewhere_is_not_merged(registry, shape):
    head = planted(registry, "docs", shape(registry))
    proposal = registry.promote("fraud", "1.1.0", "staging")
    changed = registry.commit(stage_file(registry, "1.1.0", "staging"), tree=registry.store.commit(head).tree)
    registry.force(changed, proposal.ref)
    moved = type(proposal)(**{**vars(proposal), "head": changed})
    registry.approve(moved, "lead")
    assert registry.check(moved).verdict.allowed
    with registry.untouched(), pytest.raises(GmError) as caught:
        merge(registry.session("engineer"), moved)
    assert caught.value.code == "GM-S221"


@pytest.mark.attack("a ledger entry that is a tree without end", "GM-S221", by="forge")
@pytest.mark.parametrize("shape", [deep, BOMB])
def test_a_ledger_that_is_a_tree_without_end_is_ignored_and_counted(registry, shape):
    proposal = registry.promote("fraud", "1.1.0", "staging")
    registry.approve(proposal, "lead")
    change = registry.check(proposal).change_id
    name = ledger_ref(change)
    registry.force(registry.commit({}, parents=[registry.store.ref(name)], tree=shape(registry)), name)
    chain = registry.ledger.read(changes_topic(change))
    assert (len(chain.records), [one.code for one in chain.ignored]) == (1, ["GM-S221"])
    assert registry.check(proposal).verdict.allowed


@pytest.mark.lookalike("many files and directories as deep as people make them")
def test_a_large_and_a_deep_tree_of_honest_files_is_read(registry):
    files = {f"docs/{'d/' * 40}{number}/a.md": b"x" for number in range(1200)}
    step = registry.commit(files, land=True)
    assert len(trees.tree_diff(registry.store, registry.store.commit(step).parents[0], step)) == 1200
    assert registry.statuses()[-1] == "untouched"


@pytest.mark.lookalike("a tag of a tag of a tag")
def test_a_chain_of_tags_is_followed_without_recursion(registry):
    target, who = registry.tip, Ident("x", "x@example.org", 0)
    for number in range(1500):
        kind = "commit" if number == 0 else "tag"
        raw = f"object {target}\ntype {kind}\ntag t\ntagger {who.render()}\n\nm\n"
        target = str(registry.store.libgit2.odb.write(4, raw.encode()))
    assert trees.tree_of(registry.store, target) == registry.store.commit(registry.tip).tree
    assert registry.store.resolve(target) == registry.tip
    assert write_tag(registry.store, "u", target, "m", who, lambda data: ed25519_key("engineer").sign(data, "git"))


@pytest.mark.attack("a document of 65 MiB of nothing", "GM-P003", "GM-S222", by="author")
def test_a_huge_blob_is_refused_before_it_is_read(registry):
    path = "models/fraud/stages/staging.yaml"
    huge = str(registry.store.libgit2.odb.write(3, bytes(65 << 20)))
    commit = registry.commit({path: Entry(0o100644, huge)})
    assert "GM-P003" in knock(registry, commit)
    registry.force(commit)
    assert last(registry).status == "denied"
    with pytest.raises(GmError) as caught:
        registry.store.blob(huge)
    assert caught.value.code == "GM-S222"
    assert registry.live_version("fraud", "staging") == "1.0.0"


def huge(registry):
    """A tree of more than 64 MiB, of one entry whose name has no end."""
    return tree(registry, [(0o100644, "z" * (65 << 20), write_blob(registry.store, b"a"))])


@pytest.mark.attack("a directory of 65 MiB", "GM-P003", "GM-S222", by="author")
@pytest.mark.parametrize("path", ["", "models", "policies", "models/fraud", "models/fraud/versions", "models/evil"])
def test_a_huge_directory_is_refused_before_it_is_read_and_stops_no_reader(registry, path):
    live = {name: registry.live_version(name, "staging") for name in ("fraud", "spam")}
    good = registry.store.commit(registry.tip).tree
    oid = huge(registry)
    commit = planted(registry, path, oid) if path else registry.commit({}, tree=oid)
    assert "GM-P003" in knock(registry, commit)
    registry.force(commit)
    assert (last(registry).status, "GM-P003" in last(registry).verdict.codes) == ("denied", True)
    assert {name: registry.live_version(name, "staging") for name in live} == live
    with pytest.raises(GmError) as caught:
        trees.read_tree(registry.store, oid)
    assert caught.value.code == "GM-S222"
    registry.commit({}, tree=good, land=True)
    assert (last(registry).status, registry.history().blocked) == ("restored", frozenset())


@pytest.mark.attack("a commit of 65 MiB", "GM-S222", by="forge")
def test_a_huge_commit_is_refused_at_the_door_and_its_line_not_read_until_it_is_gone(registry):
    good = registry.tip
    raw = registry.store.typed(registry.commit({}), "commit")
    commit = str(registry.store.libgit2.odb.write(1, raw + b"x" * (65 << 20)))
    assert knock(registry, commit) == ("GM-S222",)
    registry.force(commit)
    with pytest.raises(GmError) as caught:
        registry.history()
    assert caught.value.code == "GM-S222"
    registry.force(good)
    assert registry.live_version("fraud", "staging") == "1.0.0"


@pytest.mark.attack("an object whose bytes were swapped on disk", "GM-S013", by="storage")
@pytest.mark.parametrize("what", ["stage", "commit"])
def test_a_swapped_object_is_noticed(registry, what):
    store = registry.store
    entry = registry.history().state.snapshot.entry("models/fraud/stages/staging.yaml")
    oid = entry.oid if what == "stage" else registry.tip
    other = write_blob(store, b"kind: StageState\n") if what == "stage" else registry.commit({"x": b"x"})
    path = lambda name: registry.path / "objects" / name[:2] / name[2:]  # noqa: E731 - a short word
    data = path(other).read_bytes()
    path(oid).chmod(0o644)
    path(oid).write_bytes(data)
    with pytest.raises(GmError) as caught:
        type(store).open(registry.path).raw(oid)
    assert caught.value.code == "GM-S013"


FORMS = {
    "the models root is a link": {"models": (LINK, b"../elsewhere")},
    "the policies are a link": {"policies": (LINK, b"elsewhere")},
    "gm.yaml is a link": {"gm.yaml": (LINK, b"other.yaml")},
    "the people file is a link": {"policies/people.yaml": (LINK, b"/etc/passwd")},
    "the DVC directory is a link": {".dvc": (LINK, b".git")},
    "a model is a link": {"models/evil": (LINK, b"fraud")},
    "a model is a submodule": {"models/evil": (GITLINK, None)},
    "the DVC directory is a submodule": {".dvc": (GITLINK, None)},
    "a workflow is a link": {".github/workflows/gm-check.yml": (LINK, b"other.yml")},
    "the policy is executable": {"policies/policy.yaml": (0o100755, b"kind: Policy\n")},
}


@pytest.mark.attack("a link or submodule in the place of a governed directory", "GM-P003", by="author")
@pytest.mark.parametrize("case", FORMS)
def test_a_governed_path_that_is_no_plain_file_is_refused(registry, case):
    ((path, (mode, data)),) = FORMS[case].items()
    oid = registry.tip if data is None else write_blob(registry.store, data)
    nodes = trees.read_tree(registry.store, registry.store.commit(registry.tip).tree)
    if "/" not in path:
        nodes[path] = trees.Node(path, mode, oid)
        commit = registry.commit({}, tree=str(registry.store.libgit2.odb.write(2, trees.render_tree(nodes))))
    else:
        commit = registry.commit({path: Entry(mode, oid)})
    assert "GM-P003" in knock(registry, commit)
    registry.force(commit)
    assert last(registry).status in {"denied", "pending"}
    assert registry.live_version("fraud", "staging") == "1.0.0"


DISGUISES = (".DVC/config", "Policies/people.yaml", "policie\u017f/policy.yaml", "GM.yaml", "MODELS/fraud/model.yaml")
DISGUISES += (".github/workflows/GM-check.yml", ".GitHub/CODEOWNERS", ".github/codeowners", ".dvC/Config")


@pytest.mark.attack("a governed path in other letters, the same file on a Mac", "GM-P003", by="author")
@pytest.mark.parametrize("path", DISGUISES)
def test_a_path_that_is_governed_where_case_is_ignored_is_refused(registry, path):
    commit = registry.commit({path: b"x\n"})
    assert knock(registry, commit) == ("GM-P003",)
    registry.force(commit)
    assert (last(registry).status, last(registry).verdict.codes) == ("denied", ("GM-P003",))


@pytest.mark.lookalike("capital letters elsewhere")
@pytest.mark.parametrize(
    "path", ["README.md", "Docs/Models.md", ".github/workflows/CI.yml", "src/Models/a.py", ".DVCx"]
)
def test_capital_letters_elsewhere_are_fine(registry, path):
    assert knock(registry, registry.commit({path: b"x\n"})) == ()
