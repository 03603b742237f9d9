"""The files that scanners are compared on: each with a name, its bytes and whether loading it runs code."""

import io
import os
import pdb  # noqa: T100 - one of the modules that must be found
import pickle
import runpy
import timeit
import urllib.request
from pathlib import Path

from tests.support import pickles as made
from tests.support.pickles import PACK, Calls, call, proto, stack_global, text

TORCH = Path(__file__).resolve().parent.parent / "data" / "torch"
CALLED = {"os.system": os.system, "runpy.run_path": runpy.run_path, "pdb.run": pdb.run}
CALLED |= {"timeit.timeit": timeit.timeit, "urllib.request.urlopen": urllib.request.urlopen}


def hostile():
    """Name, file name and bytes of each file that must not be loaded."""
    for name, function in CALLED.items():
        yield f"pickle that calls `{name}`", "m.pkl", pickle.dumps(Calls(function, "1"), 4)
    for packing, pack in PACK.items():
        yield f"joblib, `os.system` behind an array, {packing}", "m.joblib", pack(made.after_array())
    yield "joblib, `os.system` among the objects of an array", "m.joblib", made.joblib_objects(call())
    yield "torch zip that calls `os.system`", "m.pt", made.torch_zip(call())
    yield "zip in a zip", "m.zip", made.zipped({"inner.zip": made.zipped({"m.pkl": call()})})
    yield "tar.gz", "m.tar.gz", PACK["gzip"](made.tarred({"m.pkl": call()}))
    objects = made.npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", call())
    yield "npy of objects", "m.npy", objects
    yield "npz of objects", "m.npz", made.zipped({"a.npy": objects})
    yield "call before a broken tail", "m.pkl", call()[:-1] + b"\xff\xff"
    yield "second pickle behind a harmless one", "m.pkl", proto(b"N") + call()
    yield "pickle behind a text", "m.pkl", b"cos\nsystem\n(S'true'\ntR."
    memo = text("system") + b"\x94" + text("os") + b"\x9400h\x01h\x00\x93" + text("true") + b"\x85R"
    yield "names out of the memo", "m.pkl", proto(memo)
    yield "INST", "m.pkl", b"(S'true'\nios\nsystem\n."
    yield "OBJ", "m.pkl", b"(" + made.old_global("os", "system") + b"S'true'\no."
    named = stack_global("subprocess", "Popen") + b")}" + text("args") + text("true") + b"s\x92"
    yield "NEWOBJ_EX of `subprocess.Popen`", "m.pkl", proto(named)
    getattr_ = stack_global("builtins", "getattr") + stack_global("os", "path") + text("os") + b"\x86R"
    yield "`getattr` of a harmless module", "m.pkl", proto(getattr_)
    yield "extension registry", "m.pkl", proto(b"\x82\x01)R")
    yield "look-alike letters", "m.pkl", proto(stack_global("nump\u0443", "ndarray") + b")R")
    yield "name that no list knows (`pip.main`)", "m.pkl", proto(stack_global("pip", "main") + b"]\x85R")
    wrong = made.torch_zip(call())
    at = wrong.index(b"PK\x01\x02")
    yield "torch zip with a flag of encryption", "m.pt", wrong[: at + 8] + b"\x01" + wrong[at + 9 :]
    yield "wrong extension", "m.txt", call()


def clean(folder):
    """Name, file name and bytes of each file that is safe to load."""
    import joblib  # noqa: PLC0415 - development dependencies, which a test of the corpus alone can do without
    import numpy as np  # noqa: PLC0415 - as above
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 - as above
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - as above
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415 - as above
    from sklearn.preprocessing import OneHotEncoder, StandardScaler  # noqa: PLC0415 - as above

    rows, labels = np.random.RandomState(0).rand(40, 4), np.arange(40) % 2
    words = np.array([["a", "copy"], ["b", "os"]], dtype=object)
    models = {
        "LogisticRegression": LogisticRegression().fit(rows, labels),
        "RandomForest of 300 trees": RandomForestClassifier(300, random_state=1).fit(rows, labels),
        "OneHotEncoder": OneHotEncoder().fit(words),
        "StandardScaler": StandardScaler().fit(rows),
        "Pipeline": make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, labels),
    }
    for name, model in models.items():
        for protocol in (2, 5):
            yield f"{name}, pickle {protocol}", "m.pkl", pickle.dumps(model, protocol)
        for packing in (0, "zlib"):
            path = folder / "made"
            joblib.dump(model, path, compress=packing)
            yield f"{name}, joblib {packing or 'raw'}", "m.joblib", path.read_bytes()
    for name in ("state_dict.pt", "checkpoint.pt"):
        yield f"torch {name.removesuffix('.pt').replace('_', ' ')}", "m.pt", (TORCH / name).read_bytes()
    stored = io.BytesIO()
    np.savez(stored, a=rows)
    yield "npz of numbers", "m.npz", stored.getvalue()


def files(folder):
    """Write every file into a folder of its own; give name, path and whether it is hostile."""
    folder.mkdir(exist_ok=True)
    rows = [(name, file, data, True) for name, file, data in hostile()]
    rows += [(name, file, data, False) for name, file, data in clean(folder)]
    for number, (name, file, data, bad) in enumerate(rows):
        path = folder / f"{number:03}" / file
        path.parent.mkdir()
        path.write_bytes(data)
        yield name, path, bad
