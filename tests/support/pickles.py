"""Pickles written opcode by opcode, archives and joblib files around them: what a stranger would send."""

import bz2
import gzip
import io
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib

PACK = {
    "raw": bytes,
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
}


class Calls:
    """An object whose pickle calls ``module.name`` with ``arguments``."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def text(value):
    """A short text of protocol 4."""
    data = value.encode("utf-8", "surrogatepass")
    return b"\x8c" + bytes([len(data)]) + data


def stack_global(module, name):
    """An import by two texts on the stack."""
    return text(module) + text(name) + b"\x93"


def old_global(module, name):
    """An import of protocol 0."""
    return f"c{module}\n{name}\n".encode()


def proto(body, protocol=4):
    """A whole pickle with this body."""
    return b"\x80" + bytes([protocol]) + body + b"."


def call(module="os", name="system", argument="true"):
    """A whole pickle that calls one function with one text."""
    return proto(stack_global(module, name) + text(argument) + b"\x85R")


def joblib_array(values=b"\0" * 16, *, padding=b"\x02\xff\xff", dtype=None, **changes):
    """The opcodes of joblib's stand-in for an array of float64, then its bytes."""
    fields = {
        "subclass": stack_global("numpy", "ndarray"),
        "shape": b"K" + bytes([len(values) // 8]) + b"\x85",
        "order": text("C"),
        "dtype": dtype or dtype_of(text("f8")),
        "allow_mmap": b"\x88",
        "numpy_array_alignment_bytes": b"K\x10",
        **changes,
    }
    state = b"}(" + b"".join(text(key) + value for key, value in fields.items() if value is not None) + b"u"
    return stack_global("joblib.numpy_pickle", "NumpyArrayWrapper") + b")\x81" + state + b"b" + padding + values


PLAIN = b"(K\x03" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
OBJECTS = b"(K\x03" + text("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ftb"


def dtype_of(name, state=PLAIN):
    """The opcodes of a dtype by the opcodes of its name, and its state."""
    return stack_global("numpy", "dtype") + name + b"\x89\x88\x87R" + state


def after_array(module="os", name="system"):
    """A joblib file: a list of an array, and a call behind the array's bytes."""
    return proto(b"](" + joblib_array() + stack_global(module, name) + text("true") + b"\x85Re")


def joblib_objects(inner):
    """A joblib file of an array of objects, which are the pickle ``inner``."""
    return proto(joblib_array(b"", padding=inner, dtype=dtype_of(text("O8"), OBJECTS)))


def zipped(members, *, method=zipfile.ZIP_DEFLATED):
    """A zip archive of names and bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return made.getvalue()


def tarred(members, kind=tarfile.REGTYPE, form=tarfile.PAX_FORMAT):
    """A tar archive of names and bytes."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.type = len(data), kind
            if kind != tarfile.REGTYPE:
                info.size, info.linkname = 0, "/etc/passwd"
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


def torch_zip(body, storages=("0",), extra=None):
    """A file as ``torch.save`` lays it out, with this pickle."""
    members = {"m/data.pkl": body, "m/byteorder": b"little", "m/version": b"3\n"}
    members |= {f"m/data/{key}": b"\0" * 8 for key in storages}
    return zipped({**members, **(extra or {})}, method=zipfile.ZIP_STORED)


def torch_tensor(key="0", kind="FloatStorage", module="torch"):
    """A pickle of one tensor by a persistent id."""
    identity = b"(" + text("storage") + stack_global(module, kind) + text(key) + text("cpu") + b"K\x02tQ"
    hooks = stack_global("collections", "OrderedDict") + b")R"
    return proto(
        stack_global("torch._utils", "_rebuild_tensor_v2")
        + b"("
        + identity
        + b"K\x00K\x02\x85K\x01\x85\x89"
        + hooks
        + b"tR",
        2,
    )


def npy(header, data=b"", version=(1, 0)):
    """A npy file with this header text."""
    body = header.encode("latin-1") + b"\n"
    length = struct.pack("<H", len(body)) if version[0] == 1 else struct.pack("<I", len(body))
    return b"\x93NUMPY" + bytes(version) + length + body + data


def dumped(value, protocol=4):
    """What Python's pickle writes."""
    return pickle.dumps(value, protocol)
