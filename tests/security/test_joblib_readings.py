"""A joblib file of objects is followed as joblib reads it and as pickle does: numbers of the memo mean other values."""

import pytest

from gitops_models.artifacts.scan import scan_tree
from tests.support import pickles as made
from tests.support.pickles import proto, text

CODE = "GM-A701"
OUTER = made.dtype_of(text("O8"), made.OBJECTS)


def found(tmp_path, memo, inner):
    """What is found in a joblib file that remembers these texts, around an array of objects with this pickle."""
    before = b"".join(text(word) + b"\x940" for word in memo)
    (tmp_path / "m.joblib").write_bytes(proto(before + made.joblib_array(b"", padding=inner, dtype=OUTER)))
    report = scan_tree(tmp_path)
    assert [file.format for file in report.files] == ["joblib"]
    return [(finding.code, finding.what) for finding in report.findings]


def shifted(name, call, words=("_codecs", "text", "latin1")):
    """Objects that joblib reads as a call of a module of ``words``, and pickle as one of whatever it remembers."""
    before = b"".join(text(word) + b"\x940" for word in words)
    return proto(before + b"h\x00" + text(name) + b"\x93" + call)


@pytest.mark.attack("a name of the list in another module, which only pickle would call", "GM-A701", by="storage")
def test_a_name_of_the_list_in_another_module_is_found(tmp_path):
    inner = shifted("encode", b"h\x01h\x02\x86R")
    assert found(tmp_path, ("uu", "/tmp/a", "/tmp/b"), inner) == [(CODE, "imports uu.encode")]
    assert found(tmp_path, ("_codecs", "text", "latin1"), inner) == []


@pytest.mark.parametrize("name", ["set", "Pipeline", "Parameter", "dtype"])
def test_no_module_of_python_is_imported_under_a_number_that_moved(tmp_path, name):
    words = ("numpy",) if name == "dtype" else ("builtins",)
    inner = shifted(name, b"0N" if name == "dtype" else b")R", words)
    assert (CODE, f"imports this.{name}") in found(tmp_path, ("this",), inner)


@pytest.mark.attack("a call of another module's dtype, which only pickle would make", "GM-A701", by="storage")
def test_a_dtype_of_another_module_is_called_as_numpy_calls_it_and_no_other_way(tmp_path):
    usual, other = text("O8") + b"\x89\x88\x87R", text("f8") + b"\x89\x88\x87R"
    assert found(tmp_path, ("words",), shifted("dtype", usual, ("numpy",))) == []
    assert found(tmp_path, ("words",), shifted("dtype", other, ("numpy",))) == [(CODE, "calls words.dtype")]


@pytest.mark.attack("a call of what a call gave, which only pickle would make", "GM-A701", by="storage")
def test_what_a_call_gave_is_not_called_under_a_number_that_moved(tmp_path):
    inner = proto(made.stack_global("numpy", "ndarray") + b"\x94)R\x940h\x00)R")
    memo = made.stack_global("collections", "OrderedDict") + b")R\x940"
    array = made.joblib_array(b"", padding=inner, dtype=OUTER)
    (tmp_path / "m.joblib").write_bytes(proto(memo + array))
    findings = [(one.code, one.what) for one in scan_tree(tmp_path).findings]
    assert (CODE, "calls a value that it did not import") in findings


@pytest.mark.lookalike("objects of arrays in dicts, lists and models, as joblib writes them")
@pytest.mark.parametrize("root", ["dict", "list", "nested", "words"])
def test_what_joblib_writes_passes(tmp_path, root):
    joblib, numpy = pytest.importorskip("joblib"), pytest.importorskip("numpy")
    words = numpy.array([["a", "copy"], ["b", "os"], [None, 1.5]], dtype=object)
    value = {
        "dict": {"words": words, "more": words},
        "list": [words, numpy.zeros(3), words],
        "nested": {"a": {"b": [words]}, "c": words},
        "words": words,
    }[root]
    joblib.dump(value, tmp_path / "m.joblib")
    assert [str(finding) for finding in scan_tree(tmp_path).findings] == []
