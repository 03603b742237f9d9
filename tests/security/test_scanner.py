"""Model files that run code when they are loaded: each is found by reading it, and none is loaded."""

import os
import pdb  # noqa: T100 - one of the modules that must be found
import pickle
import runpy
import struct
import subprocess
import sys
import timeit
import urllib.request
import zipfile

import pytest

from gitops_models.artifacts.scan import scan_tree
from tests.support import pickles as made
from tests.support.hostile import BROKEN, DAMAGED, TORCH_ODD, TRICKS
from tests.support.pickles import PACK, Calls, call, proto, stack_global, text

CODE, UNREAD, TOO_MUCH, UNKNOWN, FORMAT = "GM-A701", "GM-A702", "GM-A703", "GM-A704", "GM-A705"
BAD = call()


@pytest.fixture
def codes(tmp_path):
    """The codes that a scan of these bytes finds."""

    def scan(data, name="model.bin", **options):
        path = tmp_path / name
        path.write_bytes(data)
        report = scan_tree(path, **options)
        assert report.clean == (not report.findings)
        assert path.read_bytes() == data
        return {finding.code for finding in report.findings}

    return scan


@pytest.mark.clause("A-validation-2")
@pytest.mark.attack("a call behind the bytes of a joblib array, raw and packed", "GM-A701", by="storage")
@pytest.mark.parametrize("packing", PACK)
def test_a_call_behind_an_array_is_found(codes, packing):
    assert codes(PACK[packing](made.after_array())) == {CODE}


@pytest.mark.attack("a pickle that calls a function of Python's own library", "GM-A701", by="storage")
@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "function", [os.system, runpy.run_path, pdb.run, timeit.timeit, urllib.request.urlopen, subprocess.Popen, eval]
)
def test_a_call_is_found_whatever_the_protocol(codes, function, protocol):
    assert codes(pickle.dumps(Calls(function, "1"), protocol)) == {CODE}


@pytest.mark.attack("a pickle in PyTorch's zip that calls a function", "GM-A701", by="storage")
def test_a_call_in_a_torch_file_is_found(codes):
    assert codes(made.torch_zip(BAD)) == {CODE}


@pytest.mark.attack("archives in archives around a pickle", "GM-A701", by="storage")
@pytest.mark.parametrize(
    "data",
    [
        made.zipped({"a/model.pkl": BAD}),
        made.zipped({"inner.zip": made.zipped({"m.pkl": BAD})}),
        PACK["gzip"](made.tarred({"x/model.pkl": BAD})),
        made.tarred({"a.zip": made.zipped({"b.gz": PACK["gzip"](BAD)})}),
        PACK["xz"](
            made.zipped({"arrays.npy": made.npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", BAD)})
        ),
    ],
    ids=["zip", "zip-zip", "tar.gz", "tar-zip-gz", "npz-xz"],
)
def test_a_call_in_nested_archives_is_found(codes, data):
    assert CODE in codes(data)


@pytest.mark.attack("more archives in archives than anybody packs", "GM-A703", by="storage")
def test_archives_are_followed_to_a_depth(codes):
    data = BAD
    for _ in range(9):
        data = made.zipped({"m": data})
    assert codes(data) == {TOO_MUCH}


@pytest.mark.attack("an import or a call that is spelled in an unusual way", "GM-A701", by="storage")
@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_of_spelling_are_found(codes, trick):
    assert CODE in codes(TRICKS[trick])


@pytest.mark.attack("a pickle that cannot be followed to its end", "GM-A702", by="storage")
@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_followed_is_refused(codes, what):
    data = BROKEN[what]
    data = data if data.startswith(b"\x80") else b"\x80\x02" + data
    assert UNREAD in codes(data)


@pytest.mark.attack("something behind the end of a pickle", "GM-A702", by="storage")
@pytest.mark.parametrize("rest", [b"\0", b"junk", proto(b"N"), proto(b"N") * 40])
def test_what_lies_behind_a_pickle_is_refused(codes, rest):
    assert codes(proto(b"N") + rest) == {UNREAD}


@pytest.mark.attack("a second pickle behind a harmless one", "GM-A701", by="storage")
def test_a_second_pickle_is_followed_too(codes):
    assert codes(proto(b"N") + BAD) == {CODE, UNREAD}


@pytest.mark.attack("objects of a joblib array that only pickle would call", "GM-A701", by="storage")
def test_objects_of_an_array_are_followed_as_pickle_and_as_joblib(codes):
    assert codes(made.joblib_objects(BAD)) == {CODE}
    outer = text("system") + b"\x94" + text("os") + b"\x94" + b"00"
    inner = proto(text("ndarray") + b"\x940" + text("numpy") + b"\x940h\x01h\x00\x93" + text("1") + b"\x85R", 5)
    array = made.joblib_array(b"", padding=inner, dtype=made.dtype_of(text("O8"), made.OBJECTS))
    assert codes(proto(array)) == set()
    assert codes(proto(outer + array)) == {CODE}


@pytest.mark.attack("a text that unpickles as well", "GM-A701", by="storage")
def test_a_text_that_is_a_pickle_is_found(codes):
    assert codes(b"cos\nsystem\n(S'true'\ntR", "README.md") == {CODE}


@pytest.mark.attack("one file of two formats", "GM-A702", "GM-A701", by="storage")
def test_a_file_of_two_formats_is_refused(codes):
    inside = made.zipped({"m.pkl": BAD})
    assert UNREAD in codes(proto(b"N") + inside)
    assert UNREAD in codes(b"plain text\n" + inside)
    assert UNREAD in codes(made.zipped({"a.txt": b"a"}) + b"tail")
    header = b'{"__metadata__":{"a":"' + b"x" * 60 + b'"}}'
    length = struct.pack("<Q", len(header))
    assert codes(length + header) == set()
    header = b'{"a":"' + b"cos\nsystem\n(S'1'\ntR." + b'"}'
    assert CODE in codes(b"U\x0e\0\0\0\0\0\0" + b"{" + b" " * 7 + header[6:])


@pytest.mark.attack("a zip that readers read differently", "GM-A702", by="storage")
@pytest.mark.parametrize("change", ["twice", "case", "comment", "encrypted", "prefix", "truncated", "method", "link"])
def test_a_zip_that_readers_read_differently_is_refused(codes, change, tmp_path):
    assert codes(_odd_zip(change, tmp_path / "odd.zip")) == {UNREAD}


def _odd_zip(change, path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", b"hello there")
        if change == "twice":
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr("a.txt", b"other")
        if change == "case":
            archive.writestr("A.TXT", b"other")
        if change == "link":
            info = zipfile.ZipInfo("b.txt")
            info.external_attr = 0o120777 << 16
            archive.writestr(info, b"/etc/passwd")
        if change == "method":
            archive.writestr("b.txt", b"x" * 99, zipfile.ZIP_BZIP2)
        if change == "comment":
            archive.comment = b"more"
    data = path.read_bytes()
    if change == "encrypted":
        at = data.index(b"PK\x01\x02")
        return data[: at + 8] + b"\x01" + data[at + 9 :]
    return {"prefix": data[:4] + b"x" + data[4:], "truncated": data[:-9]}.get(change, data)


@pytest.mark.attack("a member whose name climbs out", "GM-A703", by="storage")
@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "a\x1b[2J"])
def test_names_that_climb_out_are_refused(codes, name):
    assert codes(made.zipped({name: b"a"})) == {TOO_MUCH}
    assert codes(made.tarred({name: b"a"})) == {TOO_MUCH}


@pytest.mark.attack("a few bytes that unpack to many", "GM-A703", by="storage")
@pytest.mark.parametrize("packing", ["bz2", "xz"])
def test_a_bomb_is_not_unpacked_to_its_end(codes, packing, monkeypatch):
    monkeypatch.setattr("gitops_models.artifacts.scan.budget._FREE", 1 << 20)
    assert codes(PACK[packing](b"\0" * (64 << 20))) == {TOO_MUCH}


@pytest.mark.attack("more members than anybody packs", "GM-A703", by="storage")
def test_members_are_counted(codes, monkeypatch):
    monkeypatch.setattr("gitops_models.artifacts.scan.budget.MOST_MEMBERS", 3)
    assert codes(made.zipped({f"{number}.txt": b"a" for number in range(4)})) == {TOO_MUCH}


@pytest.mark.attack("a pickle of more opcodes than a model has", "GM-A703", by="storage")
def test_opcodes_are_counted(codes, monkeypatch):
    monkeypatch.setattr("gitops_models.artifacts.scan.pickles.MOST_OPCODES", 100)
    assert codes(proto(b"N0" * 60 + b"N")) == {TOO_MUCH}


@pytest.mark.attack("an archive that is damaged where one reader looks", "GM-A702", by="storage")
@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_archive_is_refused(codes, what):
    assert codes(DAMAGED[what]) == {UNREAD}


def test_findings_of_one_file_are_counted(tmp_path):
    body = b"".join(stack_global("evil", f"name{number}") + b"0" for number in range(100))
    (tmp_path / "m.pkl").write_bytes(proto(body + b"N"))
    assert len(scan_tree(tmp_path).findings) == 64


@pytest.mark.attack("a link or device in a tar archive", "GM-A702", by="storage")
@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"6", b"g", b"S"])
def test_a_tar_holds_plain_files_only(codes, kind):
    assert UNREAD in codes(made.tarred({"a": b""}, kind))


@pytest.mark.attack("a file of code among the weights", "GM-A701", by="author")
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("model.py", b"import os\n"),
        ("m", b"#!/bin/sh\n"),
        ("m.onnx", b"\x7fELF" + bytes(60)),
        ("m.exe", b"MZ" + bytes(60)),
    ],
)
def test_programs_are_no_models(codes, name, data):
    assert codes(data, name) == {CODE}


@pytest.mark.attack("TorchScript in the place of weights", "GM-A701", by="storage")
def test_torchscript_is_a_program(codes):
    assert codes(made.torch_zip(proto(b"N"), extra={"m/code/__torch__.py": b"pass"})) == {CODE}


@pytest.mark.attack("a whole module of PyTorch", "GM-A701", by="storage")
def test_a_whole_torch_module_is_refused(codes):
    assert codes(made.torch_zip(proto(stack_global("torch.nn.modules.linear", "Linear") + b")\x81"))) == {CODE}


@pytest.mark.attack("a PyTorch file in an unusual form", "GM-A702", by="storage")
@pytest.mark.parametrize("what", TORCH_ODD)
def test_an_unusual_torch_file_is_refused(codes, what):
    assert UNREAD in codes(TORCH_ODD[what])


def test_storages_are_named_and_never_called(codes):
    evil = proto(stack_global("torch", "FloatStorage") + b"J\xff\xff\xff\x7f\x85R")
    assert codes(made.torch_zip(evil)) == {CODE}


@pytest.mark.attack("a format that is not looked into", "GM-A704", by="storage")
@pytest.mark.parametrize(
    "data",
    [
        b"\x89HDF\r\n\x1a\n" + bytes(99),
        b"\x04\x22\x4d\x18" + bytes(9),
        b"ZF0x1",
        bytes(range(255, 0, -1)),
        b"\x00",
        made.zipped({}),
    ],
    ids=["hdf5", "lz4", "zfile", "random", "zero", "empty zip"],
)
def test_what_is_not_known_is_refused(codes, data):
    assert UNKNOWN in codes(data)


@pytest.mark.attack("a format that may run code, for a model of high risk", "GM-A705", by="author")
@pytest.mark.parametrize("risk", ["high", "critical"])
def test_high_risk_takes_formats_without_code_only(codes, risk):
    clean = proto(b"N")
    assert codes(clean, risk="medium") == set()
    assert codes(clean, risk=risk) == {FORMAT}
    assert codes(b"text", risk=risk) == set()


def test_nothing_that_is_scanned_is_imported(codes):
    before = set(sys.modules)
    codes(call("gitops_models_evil_module", "run"))
    codes(made.torch_zip(call("torch.hub", "load")))
    assert {name for name in set(sys.modules) - before if name.startswith(("torch", "gitops_models_evil"))} == set()
