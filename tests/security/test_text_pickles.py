"""What CPython's pickle, joblib or PyTorch would read as a pickle is read, or is a finding, whatever it looks like."""

import io
import os
import pickle
import pickletools
import random
import sys
from contextlib import suppress

import pytest

from gitops_models.artifacts.scan.budget import Budget
from gitops_models.artifacts.scan.looking import look
from gitops_models.artifacts.scan.member import Member
from tests.support.pickles import PACK, proto

CODE, UNREAD, FORMAT = "GM-A701", "GM-A702", "GM-A705"
ROUNDS = 12_000 if os.environ.get("GM_SWEEP") else 1_500
CALL = b"cos\nsystem\n(S'id'\ntR."
FAR = "a far number of the memo"  # C's unpickler makes room for every lower one, so no chance writes an r here
ACCEPTED = {  # by CPython, and never written by it
    "infinite": b"FINF\n0",
    "a float with blanks": b"F 1_0.5 \n0",
    "a float before a NUL": b"F1\0x\n0",
    "a hexadecimal number": b"I0x1\n0",
    "an octal number": b"I010\n0",
    "a number behind a blank": b"I 1\n0",
    "a number with a sign": b"I+1\n0",
    "a number before a NUL": b"I1\0x\n0",
    "a number with underscores": b"I1_0\n0",
    "a binary number": b"I0b1\n0",
    "a long number without L": b"L1\n0",
    "a hexadecimal long number": b"L 0x1L\n0",
    "a number of 5000 digits": b"I0x" + b"9" * 5000 + b"\n0",
    "a long line": b"S'" + b"a" * 5000 + b"'\n0",
    "a long line of another kind": b"V" + b"a" * 5000 + b"\n0",
    "a text with an escape": b"S'\\x41'\n0",
    "a number of the memo with a blank": b"Np 1\ng1\n00",
    "a number of the memo with an underscore": b"Np1_0\n0",
    "a number of the memo before a NUL": b"Np1\0x\n0",
    FAR: b"Nr\xff\xff\x00\x000",
    "a state of nothing": b"]Nb0",
    "more than one value": b"NN",
    "a mark": b"(",
    "bytes that cannot be changed": b"C\x01a\x980",
    "a protocol in the middle": b"N0\x80\x04",
    "an empty frame": b"\x95" + bytes(8),
    "a number of 70000 bytes": b"\x8b" + (70_000).to_bytes(4, "little") + bytes(70_000) + b"0",
    "entries": b"}S'a'\nNs0(lNa0",
    "a constant that is text": b"cevil\nascii\nS'a'\n\x930",
}
CALLS = {
    "REDUCE": CALL,
    "INST": b"(S'id'\nios\nsystem\n.",
    "INST at the end, without its last line": b"(S'id'\nios\nsystem!",
    "OBJ": b"(cevil\ngo\nS'id'\no.",
    "names on the stack": b"S'evil'\nS'go'\n\x93)R.",
    "names with an escape": b"S'\\x6fs'\nS'system'\n\x93)R.",
    "values in a list, which only Python's unpickler takes": b"cevil\ngo\n]S'a'\naR.",
    "NEWOBJ": b"cevil\ngo\n)\x81.",
    "an entry of the modules": b"csys\nmodules\nS'PATH'\nS'/tmp'\ns",
    "an entry of the path": b"csys\npath\nS'/tmp'\na",
    "a module that does something when it is imported": b"cthis\nx\n",
    "a module at the end, without its last line": b"cthis!",
    "a state for a class": b"cevil\ngo\nN}S'a'\nS'b'\ns\x86b.",
}


def found(data, name="notes.txt"):
    """The codes of what a scan finds."""
    return {finding.code for finding in look(Member(name, io.BytesIO(data), len(data), Budget(len(data)))).findings}


def loaders():
    from joblib.numpy_pickle import NumpyUnpickler  # noqa: PLC0415 - a development dependency that takes a second

    class Joblib(NumpyUnpickler):
        def __init__(self, stream):
            super().__init__("x", stream, ensure_native_byte_order=False)

    return pickle.Unpickler, pickle._Unpickler, Joblib


def does(kind, data, *, refuse):
    """Whether a real unpickler would import a module of Python, or call anything; nothing is imported or called."""
    asked, called = [], []

    class Meta(type):
        def __call__(cls, *values, **_named):
            called.append(values)

        def __setattr__(cls, name, value):
            called.append((name, value))

    class Inert(metaclass=Meta):
        def __new__(cls, *values):
            called.append(values)

    class Recording(kind):
        def find_class(self, module, name):
            asked.append(module.partition(".")[0])
            if refuse or not name:
                raise ImportError(name)
            return "evil" if name == "ascii" else Inert

    with suppress(Exception):  # what it fails at comes after what it did
        Recording(io.BytesIO(data)).load()
    return bool(called) or any(module in sys.stdlib_module_names for module in asked)


def cases(seed):
    """Prefixes that CPython reads, then a call, then a little damage now and then."""
    chance = random.Random(seed)
    single = [bytes([number]) for number in range(256) if number != ord("r")]
    prefixes = [data for what, data in ACCEPTED.items() if what != FAR]
    for _ in range(ROUNDS):
        data = b"".join(chance.choices(prefixes, k=chance.randrange(5)))
        data += chance.choice(list(CALLS.values()))
        for _ in range(chance.choice((0, 0, 1, 2))):
            at = chance.randrange(len(data))
            change = chance.choice((b"", chance.choice(single), b"0", b"N", b"\n", b"2"))
            data = data[:at] + change + data[at + 1 :]
        yield data


@pytest.mark.attack("a text that only CPython reads as a pickle", "GM-A701", "GM-A702", by="storage")
@pytest.mark.parametrize("what", ACCEPTED)
def test_what_cpython_reads_before_a_call_hides_no_call(what):
    data = ACCEPTED[what] + CALL
    assert found(data) & {CODE, UNREAD}
    assert found(PACK["gzip"](data)) & {CODE, UNREAD}
    if not data.startswith(b"\x95"):
        assert any(does(kind, data, refuse=False) for kind in loaders())


@pytest.mark.parametrize("what", CALLS)
def test_every_spelling_of_a_call_is_found_in_a_text(what):
    assert found(CALLS[what]) & {CODE, UNREAD}
    assert any(does(kind, CALLS[what], refuse=False) for kind in loaders())


@pytest.mark.attack("a pickle with the mark of TensorFlow Lite", "GM-A701", "GM-A702", by="storage")
def test_a_pickle_with_the_mark_of_tensorflow_lite_is_found():
    data = b"S'aaTFL3'\n0FINF\n0" + CALL + bytes(64)
    assert found(data, "model.tflite") == {CODE, UNREAD}
    assert found(b"\x14\0\0\0TFL3" + bytes(30)) == {UNREAD}


@pytest.mark.attack("PyTorch's number in a text, and a pickle behind it", "GM-A701", "GM-A702", by="storage")
@pytest.mark.parametrize("number", [b"L119547037146038801333356L\n", b"L0x1950a86a20f9469cfc6c\n", b"Nr\0\0\1\x000N"])
def test_what_lies_behind_a_first_pickle_is_read_as_pytorch_does(number):
    assert found(number + b".I1001\n.}." + CALL) & {CODE, UNREAD}
    assert found(b"N." * 20 + CALL) == {"GM-A703"}


@pytest.mark.sweep
@pytest.mark.parametrize("refuse", [True, False])
def test_no_unpickler_does_what_the_scanner_has_not_seen(refuse):
    bad = 0
    kinds = loaders()
    for data in cases(7 + refuse):
        if any(does(kind, data, refuse=refuse) for kind in kinds):
            bad += 1
            assert found(data), data
        with suppress(Exception):  # it reads less than the unpicklers do
            named = {opcode.name for opcode, _, _ in pickletools.genops(data)}
            assert not named & {"GLOBAL", "INST", "STACK_GLOBAL"} or found(data), data
    assert bad > ROUNDS // 4


@pytest.mark.lookalike("texts that begin as a pickle does")
@pytest.mark.parametrize(
    "data",
    [
        *(b"cat\ndog\nfrog\n", b"car\nship\n", b"I am a text\n", b"For all\n", b"Some text\n", b"Very long " * 9999),
        *(b".x\n", b"Paris\n", b"get\n", b"put it\n", b"(c) Somebody\n", b"N. N.\n", b"]\n", b"F1\n", b""),
        b"Copyright " + b"x" * 200,
    ],
)
def test_texts_pass(data):
    assert found(data) == set()


def test_a_pickle_keeps_to_what_is_written():
    assert found(proto(b"NN"), "m.pkl") == {UNREAD}
    assert found(proto(b"Nr\xff\xff\x00\x000N"), "m.pkl") == {UNREAD}
