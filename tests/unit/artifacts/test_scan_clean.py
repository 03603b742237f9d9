"""Clean models of every kind pass, and what they are is read from their bytes."""

import os
import pickle
import struct
import warnings
from typing import get_args

import pytest

from gitops_models.artifacts.scan import scan_tree
from gitops_models.errors import GmError
from gitops_models.registry.documents import Lineage
from gitops_models.registry.documents.lineage import ArtifactEntry, Role
from tests.support import pickles as made
from tests.support.pickles import PACK, proto, stack_global

TORCH = "data/torch"
SWEEP = bool(os.environ.get("GM_SWEEP"))


def scanned(path, **options):
    report = scan_tree(path, **options)
    assert [str(finding) for finding in report.findings] == []
    return [file.format for file in report.files]


@pytest.fixture(scope="module")
def models():
    numpy, joblib = pytest.importorskip("numpy"), pytest.importorskip("joblib")
    pytest.importorskip("sklearn")
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415 - a development dependency
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 - as above
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - as above
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - as above
    from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: PLC0415 - as above

    rows = numpy.random.RandomState(0).rand(40, 4)
    words = numpy.array([["a", "copy"], ["b", "os"], [None, 1.5]], dtype=object)
    labels = numpy.arange(40) % 2
    encoder = ColumnTransformer([("words", OneHotEncoder(handle_unknown="ignore"), [0, 1])])
    odd = {
        "copy": words,
        "record": numpy.zeros(3, dtype=[("a", "f4"), ("b", "i8")]),
        "time": numpy.array(["2026-01-01"], dtype="M8[ns]"),
        "texts": numpy.array(["ab", "c"]),
        "bytes": numpy.array([b"ab"]),
        "fortran": numpy.asfortranarray(rows),
        "scalar": numpy.float32(2),
        "set": {1, 2},
        "frozen": frozenset({1}),
        "array": bytearray(b"x"),
        "complex": 1j,
        "long": "x" * 2000,
        "big": 1 << 400,
    }
    return joblib, {
        "regression": LogisticRegression().fit(rows, labels),
        "forest": RandomForestClassifier(300, random_state=1).fit(rows, labels),
        "encoder": OneHotEncoder().fit(words[:2]),
        "scaler": StandardScaler().fit(rows),
        "pipeline": make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, labels),
        "columns": make_pipeline(encoder, RandomForestClassifier(3)).fit(words[:2], [0, 1]),
        "odd": odd,
        "array": rows,
    }


NAMES = ("regression", "forest", "encoder", "scaler", "pipeline", "columns", "odd", "array")


@pytest.mark.lookalike("clean scikit-learn models in every protocol")
@pytest.mark.parametrize("name", NAMES)
def test_a_clean_model_passes_as_pickle_and_as_joblib(models, name, tmp_path):
    joblib, every = models
    for protocol in range(2, 6):
        (tmp_path / f"{protocol}.pkl").write_bytes(pickle.dumps(every[name], protocol))
    assert scanned(tmp_path) == ["pickle"] * 4
    for packing in (None, "zlib") if name == "forest" and not SWEEP else (None, "zlib", "gzip", "bz2", "lzma", "xz"):
        joblib.dump(every[name], tmp_path / "m.joblib", compress=(packing, 3) if packing else 0)
        assert scanned(tmp_path / "m.joblib") == ["joblib"]


@pytest.mark.sweep
def test_every_estimator_of_scikit_learn_is_known(tmp_path):
    numpy, utils = pytest.importorskip("numpy"), pytest.importorskip("sklearn.utils")
    rows = numpy.abs(numpy.random.RandomState(0).rand(40, 4))
    fitted = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, kind in utils.all_estimators()[:: 1 if SWEEP else 12]:
            try:
                fitted[name] = kind().fit(rows, numpy.arange(40) % 2)
            except (TypeError, ValueError, AttributeError, NotImplementedError):
                continue
    assert len(fitted) > (120 if SWEEP else 8)
    for name, model in fitted.items():
        (tmp_path / f"{name}.pkl").write_bytes(pickle.dumps(model, 5))
    assert set(scanned(tmp_path)) == {"pickle"}


@pytest.mark.parametrize("name", ["state_dict.pt", "checkpoint.pt"])
def test_what_torch_itself_wrote_passes(repository_root, name):
    assert scanned(repository_root / "tests" / TORCH / name) == ["torch"]


def test_the_old_form_of_torch_is_refused_with_what_to_do(repository_root):
    (finding,) = scan_tree(repository_root / "tests" / TORCH / "legacy.pt").findings
    assert (finding.code, finding.what) == ("GM-A704", "is of PyTorch's old form: save it again")


def test_a_torch_file_of_the_tests_is_laid_out_as_torch_does(tmp_path):
    (tmp_path / "m.pt").write_bytes(made.torch_zip(made.torch_tensor()))
    assert scanned(tmp_path / "m.pt") == ["torch"]


@pytest.mark.parametrize(("protocol", "value"), [(0, [1, 2.5, "a", None, True]), (1, {"a": (1, -70000)}), (0, 1 << 80)])
def test_old_protocols_pass_and_are_known(tmp_path, protocol, value):
    (tmp_path / "m").write_bytes(pickle.dumps(value, protocol) if protocol else b"\x80\x02" + pickle.dumps(value, 0))
    assert scanned(tmp_path / "m") == ["pickle"]


def test_plain_opcodes_that_pickle_no_longer_writes_pass(tmp_path):
    body = b"(I01\nI3\nlp0\n0(S'a'\nI1\ndp1\n0g0\n2a0(1"
    for number, data in enumerate([body + b"N", b"T\x01\x00\x00\x00aN0", b"NN0", b"j\0\0\0\0"]):
        start = b"Nr\0\0\0\x000" if data.startswith(b"j") else b""
        (tmp_path / str(number)).write_bytes(b"\x80\x02" + start + data + b".")
    assert scanned(tmp_path) == ["pickle"] * 4


def test_an_object_of_protocol_0_of_a_class_of_the_list_passes(tmp_path):
    made_by = stack_global("copyreg", "_reconstructor") + b"(" + stack_global("collections", "OrderedDict")
    (tmp_path / "m").write_bytes(proto(made_by + stack_global("builtins", "object") + b"NtR}b"))
    assert scanned(tmp_path / "m") == ["pickle"]


def test_names_may_be_added_by_who_runs_it(tmp_path):
    (tmp_path / "m").write_bytes(proto(stack_global("shop.features", "Scaler") + b")\x81}b"))
    assert [finding.code for finding in scan_tree(tmp_path).findings] == ["GM-A701"]
    assert scanned(tmp_path, allow=["shop.features.Scaler"]) == ["pickle"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (made.npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", bytes(16)), "npy"),
        (made.npy("{'descr': '<U3', 'fortran_order': True, 'shape': (1, 2), }", bytes(24), (2, 0)), "npy"),
        (made.npy("{'descr': '|b1', 'fortran_order': False, 'shape': (), }", bytes(1)), "npy"),
        (made.npy("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (0,), }"), "npy"),
        (
            made.npy("{'descr': [('a', '<f4'), ('b', '<i8')], 'fortran_order': False, 'shape': (2,), }", bytes(24)),
            "npy",
        ),
        (made.npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", made.dumped([1])), "npy-objects"),
        (made.zipped({"a.npy": made.npy("{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }")}), "npz"),
        (made.zipped({"a.npy": b"text", "b/": b""}), "zip"),
        (made.tarred({"./model.json": b"{}", "x" * 150: b"{}"}), "tar"),
        (made.tarred({"x" * 150: b"{}"}, form=1), "tar"),
        (made.tarred({"folder": b""}, b"5"), "tar"),
        (PACK["gzip"](b"some text"), "gzip"),
        (b'{"learner": {}}', "xgboost-json"),
        (b"plain\ttext\r\nof \xc3\xa4 kind\n", "text"),
        (b"cats\nand dogs\n", "text"),
        (struct.pack("<I4sHHII", 16, b"TFL3", 4, 4, 0, 8), "tflite"),
        (b"", "text"),
    ],
)
def test_other_forms_are_known_by_their_bytes(tmp_path, data, kind):
    (tmp_path / "model.onnx").write_bytes(data)
    report = scan_tree(tmp_path)
    assert [file.format for file in report.files] == [kind]
    assert [finding.code for finding in report.findings] == (
        ["GM-A704"] if data and kind == "tar" and b"folder" in data else []
    )


@pytest.mark.parametrize(
    "data",
    [
        made.npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", bytes(15)),
        made.npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", bytes(17)),
        made.npy("{'descr': __import__('os'), 'fortran_order': False, 'shape': (2,), }"),
        made.npy("{'descr': '<q9', 'fortran_order': False, 'shape': (2,), }"),
        b"\x93NUMPY\x09\x00" + bytes(20),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff",
        b"\x93NUM" + b"PY",
    ],
)
def test_an_array_that_is_not_what_its_header_says_is_refused(tmp_path, data):
    (tmp_path / "a.npy").write_bytes(data)
    assert {finding.code for finding in scan_tree(tmp_path).findings} == {"GM-A702"}


def test_a_link_or_a_missing_file_is_an_error_and_no_finding(tmp_path):
    (tmp_path / "a").symlink_to("/etc/passwd")
    for path, code in ((tmp_path, "GM-A102"), (tmp_path / "none", "GM-A101")):
        with pytest.raises(GmError) as caught:
            scan_tree(path)
        assert caught.value.code == code


def lineage_of(*entries):
    """A lineage of (path, role, format)."""
    artifacts = tuple(
        ArtifactEntry(path=path, role=role, format=form, sha256="0" * 64, size=1) for path, role, form in entries
    )
    said = {"model": "fraud", "version": "1.0.0", "created": "2026-11-22T00:00:00Z", "author": "ann"}
    return Lineage(**said, artifacts=artifacts)


def test_every_artifact_is_scanned_and_its_format_is_held_to_the_lineage(tmp_path):
    (tmp_path / "model.onnx").write_bytes(proto(b"N"))
    (tmp_path / "train.py").write_bytes(b"import os")
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "a.pkl").write_bytes(proto(b"N"))
    lineage = lineage_of(
        ("model.onnx", "weights", "onnx"), ("train.py", "training-code", "python"), ("steps", "preprocessing", "npy")
    )
    report = scan_tree(tmp_path, lineage=lineage)
    assert [file.path for file in report.files] == ["model.onnx", "train.py", "steps/a.pkl"]
    assert [str(finding) for finding in report.findings] == ["model.onnx: is pickle, and its lineage says onnx"]
    assert [finding.code for finding in report.findings] == ["GM-A705"]


@pytest.mark.parametrize("role", get_args(Role))
def test_a_role_hides_no_pickle(tmp_path, role):
    (tmp_path / "model.pkl").write_bytes(made.call())
    for risk in ("low", "critical"):
        found = scan_tree(tmp_path, risk=risk, lineage=lineage_of(("model.pkl", role, "pickle")))
        assert [finding.code for finding in found.findings] == ["GM-A701"] + ["GM-A705"] * (risk == "critical")


def test_nothing_to_scan_is_a_finding(tmp_path):
    (tmp_path / "inner").mkdir()
    for lineage in (None, lineage_of(("inner", "weights", None))):
        (finding,) = scan_tree(tmp_path, lineage=lineage).findings
        assert (finding.code, finding.what) == ("GM-A704", "holds no file that could be looked into")


def test_plain_source_passes_as_a_step_beside_the_model_and_nowhere_else(tmp_path):
    (tmp_path / "clean.py").write_text("print('x')\n")
    for role, clean in {"preprocessing": True, "training-code": True, "weights": False, "configuration": False}.items():
        entry = {"path": "clean.py", "role": role, "sha256": "a" * 64, "size": 11}
        found = Lineage(
            model="fraud",
            version="1.0.0",
            created="2026-11-21T10:00:00Z",
            author="ann",
            artifacts=[ArtifactEntry.model_validate(entry)],
        )
        for risk in ("low", "critical"):
            assert scan_tree(tmp_path, risk=risk, lineage=found).clean is clean, (role, risk)
