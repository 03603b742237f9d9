"""A scope over unread files is the scope that all its files would make, and reads what is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.registry.grounded import GroundedScope
from gitops_models.registry.grow import GrowingMap
from gitops_models.registry.paths import POLICY_SCOPE, Layout
from gitops_models.registry.scopes import GITLINK, REGULAR, Entry, Scope
from gitops_models.verification.table import FILE, KeptFiles, KeptMap, Table, plain_entry, render

LAYOUT = Layout()
ROOT = "models/fraud/"
PATHS = (
    f"{ROOT}model.yaml",
    f"{ROOT}stages/staging.yaml",
    f"{ROOT}versions/1.0.0/lineage.yaml",
    f"{ROOT}versions/1.0.0/model.onnx.dvc",
    f"{ROOT}versions/1.10.0/lineage.yaml",
    f"{ROOT}versions/1.0.0/evidence/lineage.yaml",
    f"{ROOT}versions/1.0.0/evidence/build.sigstore.json",
    f"{ROOT}versions/1.0.0/evidence/model.sig",
    f"{ROOT}quarantine/1.0.0/1.yaml",
    f"{ROOT}holds/staging/1.yaml",
    f"{ROOT}causes/late.yaml",
    f"{ROOT}status/1.yaml",
    f"{ROOT}odd\nname\t\udcff",
    "models/fraud",
)
KEYS = (
    *(("model",), ("versions",), ("stages",), ("quarantined",), ("causes",), ("status",)),
    *(("pointers", "1.0.0"), ("evidence", "1.0.0"), ("signatures", "1.0.0"), ("quarantine", "1.0.0")),
    *(("holds", "staging"), ("pointers", "9.9.9"), ("waivers",)),
)
FILES = st.dictionaries(st.sampled_from(PATHS), st.sampled_from([Entry(REGULAR, "1" * 40), Entry(GITLINK, "2" * 40)]))
CHANGES = st.dictionaries(st.sampled_from(PATHS), st.one_of(st.none(), st.just(Entry(REGULAR, "3" * 40))))


def table(files, scope="model:fraud", **others):
    """A table of the files of ``scope`` between those of others, as the prefix keeps them."""
    lines = [(FILE, [scope, path], plain_entry(entry)) for path, entry in files.items()]
    lines += [(FILE, [name, f"models/{name}/model.yaml"], "9" * 40) for name in ("model:aaa", "model:zzz")]
    lines += [(kind, key, value) for kind, pairs in others.items() for key, value in pairs]
    return Table(render(lines), {})


def grounded(files):
    return GroundedScope(LAYOUT, "model:fraud", KeptFiles(table(files), "model:fraud", len(files)))


def facts(scope):
    """All that can be asked of a scope."""
    return (
        dict(scope),
        list(scope),
        len(scope),
        bool(scope),
        [path in scope for path in PATHS],
        {key: sorted(map(str, scope.members(*key))) for key in KEYS if key != ("quarantined",)},
        {key: [scope.has(name, *key) for name in ("1.0.0", "1.10.0", "fraud", "staging", 1)] for key in KEYS[:3]},
        scope.versions,
        sorted(scope.ending("/model.sig")),
        sorted(scope.ending(".sigstore.json")),
    )


@given(FILES, st.lists(CHANGES, max_size=4), st.booleans())
def test_it_is_the_scope_of_all_its_files(files, changes, asked):
    plain, lazy = Scope(LAYOUT, files), grounded(files)
    for change in changes:
        if asked:
            assert facts(lazy) == facts(plain)
        before = (plain, lazy)
        plain, lazy = plain.updated(change), lazy.updated(change)
        assert sorted(before[1].differences(lazy)) == sorted(before[0].differences(plain))
        assert sorted(lazy.differences(before[1])) == sorted(plain.differences(before[0]))
        assert sorted(lazy.differences(before[0])) == sorted(plain.differences(before[0]))
    assert facts(lazy) == facts(plain)
    assert all(path in dict(lazy.changes()) for change in changes for path in change)


def test_what_was_ever_quarantined_stays_listed():
    scope = grounded(dict.fromkeys(PATHS[:9], Entry(REGULAR, "1" * 40)))
    assert list(scope.updated({PATHS[8]: None}).members("quarantined")) == ["1.0.0"]


def test_a_path_below_a_version_is_no_version():
    scope = grounded(dict.fromkeys(PATHS, Entry(REGULAR, "1" * 40)))
    assert scope.has("1.0.0", "versions")
    assert not scope.has("1.0.0/evidence", "versions")
    assert not scope.has("../fraud/versions/1.0.0", "versions")


def test_the_index_of_another_ground_is_not_taken_over():
    one, other = grounded({PATHS[0]: Entry(REGULAR, "1" * 40)}), grounded({})
    assert list(one.members("model")) == ["fraud"]
    other.adopt_index(one, ())
    other.adopt_index(Scope(LAYOUT, {}), ())
    assert list(other.members("model")) == []


def test_the_policy_scope_has_no_root_of_its_own():
    waiver = "policies/waivers/late.yaml"
    files = KeptFiles(table({waiver: Entry(REGULAR, "1" * 40)}, POLICY_SCOPE), POLICY_SCOPE, 1)
    scope = GroundedScope(LAYOUT, POLICY_SCOPE, files)
    assert (list(scope.members("waivers")), scope.ground) == (["late"], files)


@given(st.dictionaries(st.tuples(st.text(max_size=3), st.text(max_size=3)), st.integers(), max_size=12))
def test_a_kept_map_is_the_mapping_that_was_kept(items):
    kept = KeptMap(table({}, x=list(items.items())), "x", len(items), lambda value: value)
    assert dict(kept) == items
    assert len(kept) == len(items)
    for key in [*items, ("?", "?"), ("", "")]:
        assert (key in kept, kept.get(key)) == (key in items, items.get(key))
        assert (key in kept) == (key in items)


def test_a_map_over_a_kept_one_tells_what_was_added():
    kept = KeptMap(table({}, x=[(str(number), number) for number in range(100)]), "x", 100, lambda value: value)
    growing = GrowingMap.over(kept)
    more = growing.updated({"1": -1}).updated({"new": 0})
    assert (more.base, more.since(kept), len(more)) == (kept, {"1": -1, "new": 0}, 101)
    assert (growing["1"], more["1"], more["2"]) == (1, -1, 2)
    assert more.updated({str(number): 0 for number in range(60)}).base is None  # taken in: it was little beside this
    empty = GrowingMap.over(KeptMap(table({}), "x", 0, int))
    assert (empty.base, dict(empty), len(empty)) == (None, {}, 0)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 50])
def test_every_line_of_a_table_is_found_and_no_other(count):
    found = Table(render([("a", f"{number}", [number]) for number in range(count)]), {})
    assert [found.find("a", f"{number}") for number in range(count)] == [b"[%d]" % number for number in range(count)]
    assert [found.find(*key) for key in (("a", "x"), ("b", "0"), ("", "0"), ("a", ""))] == [None] * 4
    assert sorted(found.keys(b"a"), key=int) == [str(number) for number in range(count)]
    assert list(found.keys(b"b")) == []
