"""Pickles that try to hide what they do, pickles that no two readers read alike, and PyTorch files in unusual forms."""

import struct

from tests.support import pickles as made
from tests.support.pickles import call, proto, stack_global, text

TRICKS = {
    "names from the memo": proto(
        text("system") + b"\x94" + text("os") + b"\x94" + b"00" + b"h\x01h\x00\x93" + text("true") + b"\x85R"
    ),
    "INST": b"(S'true'\nios\nsystem\n.",
    "OBJ": b"(" + made.old_global("os", "system") + b"S'true'\no.",
    "NEWOBJ": proto(stack_global("subprocess", "Popen") + text("true") + b"\x85\x81"),
    "NEWOBJ_EX": proto(stack_global("subprocess", "Popen") + b")}" + text("args") + text("true") + b"s\x92"),
    "getattr": proto(stack_global("builtins", "getattr") + stack_global("os", "path") + text("os") + b"\x86R"),
    "getattr by a dotted name": proto(stack_global("numpy", "ndarray.__class__") + b")R"),
    "__import__": b"c__builtin__\n__import__\n(S'os'\ntR.",
    "the extension registry": proto(b"\x82\x01)R"),
    "the extension registry, two bytes": proto(b"\x83\x01\x00)R"),
    "the extension registry, four bytes": proto(b"\x84\x01\x00\x00\x00)R"),
    "a persistent id": proto(b"Pevil\n", 2),
    "a persistent id of protocol 1": proto(text("evil") + b"Q"),
    "protocol 0": b"cos\nsystem\n(S'true'\ntR.",
    "a name with letters of another script": proto(stack_global("nump\u0443", "ndarray") + b")R"),
    "a call of what a call gave": proto(stack_global("collections", "OrderedDict") + b")R)R"),
    "a state for a class": proto(stack_global("numpy", "ndarray") + b"}b"),
    "entries for a class": proto(stack_global("collections", "OrderedDict") + text("a") + text("b") + b"s"),
    "a codec that would be imported": proto(stack_global("_codecs", "encode") + text("a") + text("evil") + b"\x86R"),
    "bytes of any number": proto(stack_global("builtins", "bytes") + b"J\xff\xff\xff\x7f\x85R"),
    "a bytearray of any number": proto(stack_global("builtins", "bytearray") + b"J\xff\xff\xff\x7f\x85R"),
    "a call of a type that is only named": proto(stack_global("builtins", "list") + b")R"),
    "an object of a class that is not on the list": proto(
        stack_global("copyreg", "_reconstructor") + stack_global("os", "_wrap_close") + b"NN\x87R"
    ),
    "an array of another shape": proto(
        stack_global("numpy._core.multiarray", "_reconstruct")
        + stack_global("numpy", "ndarray")
        + b"J\xff\xff\xff\x7f\x85C\x01b\x87R"
    ),
}

BROKEN = {
    "a broken tail": call()[:-1],
    "a broken tail after an array": made.after_array()[:-4],
    "an opcode that is none": proto(b"N\xff"),
    "texts that are no names": proto(b"T\x02\x00\x00\x00\xff\xff" * 2 + b"\x93"),
    "a name over the escapes of Python 2": b"S'o\\x73'\nS'system'\n\x93.",
    "two protocols": proto(b"\x80\x04N"),
    "an unknown protocol": b"\x80\x05\x80\x09N.",
    "a frame inside a frame": proto(b"\x95" + struct.pack("<Q", 20) + b"\x95" + struct.pack("<Q", 2) + b"N"),
    "an opcode across a frame": proto(b"\x95" + struct.pack("<Q", 3) + text("abcdef")),
    "a frame that is not filled": proto(b"\x95" + struct.pack("<Q", 30) + b"N"),
    "an array inside a frame": proto(
        b"\x95" + struct.pack("<Q", len(made.joblib_array()) + 9) + made.joblib_array() + b"0" * 8 + b"N"
    ),
    "buffers out of band": proto(b"\x97"),
    "nothing on the stack": proto(b""),
    "a value from an empty stack": proto(b"\x85"),
    "a group that was not begun": proto(b"t"),
    "a number of the memo that is free": proto(b"h\x09"),
    "a key without a value": proto(b"}(Nu"),
    "an object of nothing": proto(b"(o"),
    "named values that are no dict": proto(stack_global("numpy", "ndarray") + b")N\x92"),
    "values that are no tuple": proto(stack_global("numpy", "ndarray") + b"N\x81"),
    "values by name that are no tuple": proto(stack_global("numpy", "ndarray") + b"N}\x92"),
    "a wrapper filled twice": proto(made.joblib_array().replace(b")\x81", b")\x81\x94") + b"0h\x00}b"),
    "a wrapper of an old joblib": proto(made.joblib_array(numpy_array_alignment_bytes=None)),
    "a wrapper whose bytes pickle would follow": proto(made.joblib_array(padding=b"cos\n")),
    "a wrapper of another class": proto(made.joblib_array(subclass=stack_global("numpy.ma", "MaskedArray"))),
    "a wrapper without a shape": proto(made.joblib_array(shape=b"N")),
    "a wrapper of a negative shape": proto(made.joblib_array(shape=b"J\xff\xff\xff\xff\x85")),
    "a wrapper whose bytes are missing": proto(made.joblib_array(shape=b"J\xff\xff\xff\x7f\x85")),
    "a wrapper without a dtype": proto(made.joblib_array(dtype=b"N")),
    "a wrapper in objects of another": made.joblib_objects(proto(made.joblib_array())),
    "a dtype without its state": proto(made.joblib_array(dtype=made.dtype_of(text("f8"), b""))),
    "a dtype of no name": proto(stack_global("numpy", "dtype") + b")R"),
    "a dtype that is not known": proto(made.dtype_of(text("q8"))),
    "a dtype of an odd size": proto(made.dtype_of(text("f7"))),
    "a dtype with the state of objects": proto(made.dtype_of(text("f8"), made.OBJECTS)),
    "objects with the state of numbers": proto(made.dtype_of(text("O8"))),
    "a text dtype of another length": proto(made.dtype_of(text("S8"))),
    "a dtype with a state of nothing": proto(made.dtype_of(text("f8"), b"Nb")),
    "a dtype with a state twice": proto(made.dtype_of(text("f8"), made.PLAIN * 2)),
    "a number that is none": b"Iabc\n.",
    "a float that is none": b"Fabc\n.",
    "a text without quotes": b"Sabc\n.",
    "a text with an escape that is none": b"V\\u12\n.",
    "a number of the memo that is none": b"Ngx\n.",
    "a line that does not end": b"I1",
    "a number of absurd length": proto(b"\x8b\xff\xff\xff\x7f"),
    "a text that is not UTF-8": proto(b"\x8c\x01\xff"),
    "a name that is not UTF-8": proto(b"c\xff\nx\n", 2),
    "a text that is cut": proto(b"X\xff\xff\xff\x7fabc"),
}

TORCH_ODD = {
    "a storage that is not there": made.torch_zip(made.torch_tensor("7")),
    "a storage of another class": made.torch_zip(made.torch_tensor(kind="dtype")),
    "a persistent id that is no storage": made.torch_zip(proto(text("x") + b"Q")),
    "something after its pickle": made.torch_zip(made.torch_tensor() + b"N"),
    "a member of another name": made.torch_zip(made.torch_tensor(), extra={"m/other.bin": b"x"}),
    "a member of another folder": made.torch_zip(made.torch_tensor(), extra={"n/version": b"x"}),
    "a cut pickle": made.torch_zip(made.torch_tensor()[:-1]),
}


def _record(field, state_end=b"K\x08K\x01K\x10tb", names=b"", before=b""):
    """A dtype of eight bytes with one field, given by the opcodes of its dtype and its place."""
    names = names or text("a") + b"\x85"
    fields = before + b"}" + text("a") + field + b"s"
    return proto(made.dtype_of(text("V8"), b"(K\x03" + text("|") + b"N" + names + fields + state_end))


FLOAT = made.dtype_of(text("f8"))
RECORDS = {
    "a field beyond the record": _record(FLOAT + b"K\x01\x86"),
    "a field at no place": _record(FLOAT + b"N\x86"),
    "a field of objects": _record(made.dtype_of(text("O8"), made.OBJECTS) + b"K\x00\x86"),
    "a field without a state": _record(made.dtype_of(text("f8"), b"") + b"K\x00\x86"),
    "a field that is no pair": _record(b"N"),
    "another length than its name says": _record(FLOAT + b"K\x00\x86", b"K\x09K\x01K\x10tb"),
    "the flags of objects": _record(FLOAT + b"K\x00\x86", b"K\x08K\x01K\x3ftb"),
    "other names than fields": _record(FLOAT + b"K\x00\x86", names=text("b") + b"\x85"),
    "names that are no tuple": _record(FLOAT + b"K\x00\x86", names=text("b")),
    "a shape of its own": proto(
        made.dtype_of(text("f8"), b"(K\x03" + text("<") + b"]NNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb")
    ),
    "no order of bytes": proto(made.dtype_of(text("f8"), b"(K\x03NNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb")),
}
TIME = b"(K\x04" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00"
TIMES = {
    "no unit": made.PLAIN,
    "a unit of nothing": TIME + b"Ntb",
    "a unit that is no tuple": TIME + b"}N\x86tb",
    "an empty unit": TIME + b"})\x86tb",
    "a unit that is none": TIME + b"}(C\x02xxK\x01K\x01K\x01t\x86tb",
    "a unit of no length": TIME + b"}(C\x02nsK\x00K\x01K\x01t\x86tb",
}
BROKEN |= {f"a time with {what}": proto(made.dtype_of(text("M8"), state)) for what, state in TIMES.items()}
BROKEN |= {f"a record dtype with {what}": data for what, data in RECORDS.items()}
BROKEN |= {
    "a wrapper whose padding is none": proto(made.joblib_array(padding=b"\xff")),
    "a group that is dropped twice": proto(b"(00N"),
    "a number of the memo that takes memory": proto(b"Nr\xff\xff\xff\x7f"),
    "a value of the memo from nothing": proto(b"\x94N"),
}
PLAIN_ZIP = made.zipped({"a.txt": b"hello there, hello there, hello there"})
TAR = made.tarred({"a.txt": b"x" * 600})
DAMAGED = {
    "zip data": PLAIN_ZIP[:36] + b"\xff\xff" + PLAIN_ZIP[38:],
    "zip names": PLAIN_ZIP[:30] + b"b" + PLAIN_ZIP[31:],
    "zip directory": PLAIN_ZIP.replace(b"PK\x01\x02", b"PK\x01\x03"),
    "zip, two ends that disagree": PLAIN_ZIP[:-22]
    + b"PK\x06\x06"
    + bytes(52)
    + b"PK\x06\x07"
    + bytes(16)
    + PLAIN_ZIP[-22:],
    "gzip data": made.PACK["gzip"](b"x" * 99)[:12] + b"\xff" * 20,
    "gzip, cut": made.PACK["gzip"](b"x" * 99)[:-9],
    "bz2 data": made.PACK["bz2"](b"x" * 99)[:12] + b"\xff" * 20,
    "xz, and something behind": made.PACK["xz"](b"x" * 99) + b"x",
    "tar, cut": TAR[:700],
    "tar header": TAR[:1536] + b"x" + TAR[1537:],
    "tar, and something behind": TAR + b"x",
    "tar, a header that decides a size": made.tarred({"a" * 120 + " size=1": b"x"}),
}
