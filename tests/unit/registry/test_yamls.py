import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.errors import GmError
from gitops_models.registry.yamls import MAX_BYTES, dump, load, load_items

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
tricky = st.sampled_from(
    ["yes", "No", "on", "null", "~", "", "1.0", "1e3", "0x1f", "0o7", "0777", "1_000", "1:30", "2026-11-21", "=",
     "<<", "-",
     "- a", "? a", ": a", "a: b", "a:", "a #b", "#", "&a", "*a", "!a", "%a", "@a", "`a", "{}", "[]", "|", ">", "'", '"',
     "...", "---", "--- a", ".5", "+1", ".inf", ".NaN", "true", "FALSE", " a", "a ", "a\n", "\ta", "\x85",
      "\u2028", "n"]
)  # fmt: skip
keys = st.one_of(texts, tricky)
scalars = st.one_of(
    keys,
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))
mappings = st.dictionaries(keys, values, max_size=4)


def refused(data: bytes) -> GmError:
    with pytest.raises(GmError) as caught:
        load(data, "models/fraud/model.yaml")
    assert caught.value.where == "models/fraud/model.yaml"
    return caught.value


@given(mappings)
def test_what_is_written_reads_back_and_is_written_the_same_again(mapping):
    data = dump(mapping)
    found = load(data, "x")
    assert found == mapping
    assert dump(found) == data


@given(mappings)
def test_other_readers_of_yaml_see_the_same_values(mapping):
    found = yaml.safe_load(dump(mapping))
    assert _without_float_texts(found) == _without_float_texts(mapping)


def _without_float_texts(value):
    # PyYAML (YAML 1.1) reads 1e+16 as text; every other scalar must agree.
    if isinstance(value, dict):
        return {key: _without_float_texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_float_texts(item) for item in value]
    if isinstance(value, float):
        return repr(value)
    return value


@given(st.binary(max_size=60))
def test_no_bytes_make_the_loader_fail_in_another_way(data):
    try:
        load(data, "x")
    except GmError as error:
        assert error.code.startswith("GM-D00")  # noqa: PT017 - either outcome is right


def test_keys_keep_their_order_and_blocks_are_indented_by_two():
    value = {"b": 1, "a": [{"x": "1.2.0", "z": []}, [1, {}]], "c": {"d": "1.0"}}
    assert dump(value) == b'b: 1\na:\n  - x: 1.2.0\n    z: []\n  - - 1\n    - {}\nc:\n  d: "1.0"\n'


def test_an_empty_mapping_has_a_form_too():
    assert load(dump({}), "x") == {}


def test_dates_versions_and_words_stay_text():
    data = b"a: 2026-11-21\nb: 1.2.0\nc: yes\nd: 2026-11-21T10:00:00Z\ne: 0777x\nf: 1:30\n"
    assert list(load(data, "x").values()) == ["2026-11-21", "1.2.0", "yes", "2026-11-21T10:00:00Z", "0777x", "1:30"]


def test_scalars_follow_the_core_schema_of_yaml_1_2():
    data = b"[~, null, NULL, '', true, FALSE, 12, -3, +4, 0o17, 0x1F, 1.5, .5, 1., 1e3, -2E-1]"
    found = load(b"a: " + data + b"\nb:\nc: 0777\nd: |\n  text\ne: 'null'\n", "x")
    assert found["a"] == [None, None, None, "", True, False, 12, -3, 4, 15, 31, 1.5, 0.5, 1.0, 1000.0, -0.2]
    assert (found["b"], found["c"], found["d"], found["e"]) == (None, 777, "text\n", "null")


@pytest.mark.parametrize(
    ("code", "data", "place"),
    [
        ("GM-D002", b"\xef\xbb\xbfa: 1\n", "line 1, column 1"),
        ("GM-D002", "a: 1\n".encode("utf-16"), "line 1, column 1"),
        ("GM-D002", b"a: 1\nb: \xff\n", "line 2, column 4"),
        ("GM-D002", b"a: 1\nb: \0\n", "line 2, column 4"),
        ("GM-D002", b'a: "\\0"\n', "line 1, column 4"),
        ("GM-D003", b"a: [\n", "line 2, column 1"),
        ("GM-D003", b"a: 1\n b: 2\n", "line 2, column 3"),
        ("GM-D003", b"a: 1\nb: \x1b\n", "line 2, column 4"),
        ("GM-D003", b"\ta: 1\n", "line 1, column 1"),
        ("GM-D003", b"# a\n# note\rrisk: low\n", "line 2, column 7"),
        ("GM-D003", b"a: 1\r\n# note\r\r\n", "line 2, column 7"),
        ("GM-D003", "a: ä\nb: x\ufeff\n".encode(), "line 2, column 5"),
        ("GM-D003", b'a: "\n', "line 2, column 1"),
        ("GM-D004", b"a: &x 1\n", "line 1, column 4"),
        ("GM-D004", b"a: &x {}\n", "line 1, column 4"),
        ("GM-D004", b"a: *x\n", "line 1, column 4"),
        ("GM-D004", b"*x : 1\n", "line 1, column 1"),
        ("GM-D004", b"a: !!str 1\n", "line 1, column 4"),
        ("GM-D004", b"a: ! 1\n", "line 1, column 4"),
        ("GM-D004", b"a: !!python/object:os.system []\n", "line 1, column 4"),
        ("GM-D004", b"<<: {a: 1}\n", "line 1, column 1"),
        ("GM-D004", b"a: 1\n---\nb: 1\n", "line 2, column 1"),
        ("GM-D004", b"%YAML 1.1\n---\na: 1\n", "line 1, column 1"),
        ("GM-D004", b"%TAG ! x:\n---\na: 1\n", "line 1, column 1"),
        ("GM-D005", b"a: 1\nb: {c: 1, c: 2}\n", "line 2, column 11"),
        ("GM-D005", b'a: 1\n"a": 2\n', "line 2, column 1"),
        ("GM-D006", b"a: " + b"[" * 32 + b"]" * 32 + b"\n", "line 1, column 35"),
        ("GM-D006", b"a: " + b"[" * 200_000, "line 1, column 35"),
        ("GM-D006", b"{a: " * 40, "line 1, column 129"),
        ("GM-D007", b"", "line 1, column 1"),
        ("GM-D007", b"# nothing\n", "line 1, column 1"),
        ("GM-D007", b"- a\n", "line 1, column 1"),
        ("GM-D007", b"text\n", "line 1, column 1"),
        ("GM-D007", b"1: a\n", "line 1, column 1"),
        ("GM-D007", b"null: a\n", "line 1, column 1"),
        ("GM-D007", b"? [a]\n: b\n", "line 1, column 3"),
        ("GM-D007", b"k" * 101 + b": 1\n", "line 1, column 1"),
        ("GM-D008", b"a: 9007199254740992\n", "line 1, column 4"),
        ("GM-D008", b"a: 0xffffffffffffffff\n", "line 1, column 4"),
        ("GM-D008", b"a: " + b"9" * 6000 + b"\n", "line 1, column 4"),
        ("GM-D008", b"a: .inf\n", "line 1, column 4"),
        ("GM-D008", b"a: .nan\n", "line 1, column 4"),
        ("GM-D008", b"a: 1e999\n", "line 1, column 4"),
    ],
)
def test_what_is_not_allowed_is_refused_with_its_place(code, data, place):
    error = refused(data)
    assert error.code == code
    assert place in error.message


def test_a_merge_key_in_quotes_is_an_ordinary_key():
    assert load(b'"<<": 1\n', "x") == {"<<": 1}


def test_thirty_two_levels_are_allowed():
    assert load(b"a: " + b"[" * 31 + b"]" * 31 + b"\n", "x")


def test_a_document_of_the_greatest_size_is_read_and_a_larger_one_is_not():
    text = b"a: " + b"x" * (MAX_BYTES - 4) + b"\n"
    assert len(load(text, "x")["a"]) == MAX_BYTES - 4
    assert refused(text + b"\n").code == "GM-D001"


@pytest.mark.parametrize(
    "value",
    [object(), b"bytes", float("inf"), float("nan"), 2**53, "\ud800", "a\0b", {1: 2}, {"k" * 101: 1}, {None: 1}, {1}],
)
def test_a_value_without_a_yaml_form_is_refused(value):
    with pytest.raises(GmError) as caught:
        dump({"a": value})
    assert caught.value.code == "GM-D009"


def test_a_list_is_read_only_where_one_may_stand_and_under_the_same_rules():
    assert load_items(b"- {person: raio-1}\n- raio-2\n", "x") == [{"person": "raio-1"}, "raio-2"]
    assert load_items(b'[{"person": "raio-1"}]', "x") == [{"person": "raio-1"}]
    assert load_items(b"a: 1\n", "x") == {"a": 1}
    assert refused(b"- a\n").code == "GM-D007"
    for bad, code in ((b"text\n", "GM-D007"), (b"- &a b\n- *a\n", "GM-D004"), (b"- a\n---\n- b\n", "GM-D004")):
        with pytest.raises(GmError) as caught:
            load_items(bad, "x")
        assert caught.value.code == code
