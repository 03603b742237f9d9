"""A small file takes neither the memory, nor the disk, nor the time of who scans it."""

import random
import tracemalloc

import pytest

from gitops_models.artifacts.scan import scan_tree
from gitops_models.artifacts.scan.budget import Budget
from gitops_models.artifacts.scan.source import TooMuch
from gitops_models.delivery.checks import runner
from gitops_models.delivery.checks.base import Finding
from gitops_models.delivery.checks.web import Lines
from tests.support.pickles import PACK, dumped, proto, tarred, text, zipped

TOO_MUCH = "GM-A703"
N = 4_000
MANY = {
    "values": b"N" * N,
    "values below marks": b"N(" * N,
    "marks": b"(" * N,
    "numbers of the memo": b"N" + b"\x94" * N,
    "tuples in tuples": b")" + b"\x85" * 3 * N,
    "tuples that are dropped": b"(" + b"N" * 90 + b"t0" + (b"(" + b"N" * 90 + b"t0") * 90,
    "tables": b"}0" * N,
    "entries": b"}" + b"(" + b"NN" * 99 + b"u" + (b"(" + b"NN" * 99 + b"u") * 40,
}


@pytest.fixture
def found(tmp_path):
    def scan(data, **options):
        (tmp_path / "m.bin").write_bytes(data)
        return [finding.code for finding in scan_tree(tmp_path, **options).findings]

    return scan


@pytest.mark.attack("a pickle of more values than memory holds", "GM-A703", by="storage")
@pytest.mark.parametrize("what", MANY)
def test_what_a_pickle_keeps_is_counted(found, what, monkeypatch):
    monkeypatch.setattr("gitops_models.artifacts.scan.stack.MOST", 1_000)
    assert found(proto(MANY[what])) == [TOO_MUCH]
    assert TOO_MUCH in found(PACK["gzip"](MANY[what]))


def test_the_same_number_of_the_memo_and_dropped_values_are_counted_once(found, monkeypatch):
    monkeypatch.setattr("gitops_models.artifacts.scan.stack.MOST", 10)
    assert found(proto(b"N0" * 99 + b"N" + b"r\1\0\0\0" * 99 + b"(0" * 99)) == []


def test_imports_are_counted(found, monkeypatch):
    monkeypatch.setattr("gitops_models.artifacts.scan.calls._MOST_IMPORTS", 9)
    body = b"".join(text("numpy") + text(f"name{number}") + b"\x930" for number in range(20))
    assert found(proto(body + b"N"))[-1] == TOO_MUCH


@pytest.mark.attack("8 kB that are 8 MB of marks", "GM-A703", by="storage")
def test_memory_does_not_grow_with_what_a_text_unpacks_to(found, monkeypatch):
    monkeypatch.setattr("gitops_models.artifacts.scan.stack.MOST", 50_000)
    data = PACK["gzip"](b"(" * (8 << 20))
    tracemalloc.start()
    assert TOO_MUCH in found(data)
    assert tracemalloc.get_traced_memory()[1] < 40 << 20
    tracemalloc.stop()


def test_a_file_unpacks_to_a_bounded_part_of_the_disk_at_each_depth():
    for size, most in ((1_000, (64 << 20) + 100_000), (1 << 30, 2 << 30), (100 << 30, 101 << 30)):
        budget = Budget(size)
        for depth in range(1, 5):
            budget.spend(most, depth)
            with pytest.raises(TooMuch):
                budget.spend(1, depth)


@pytest.mark.lookalike("an archive in an archive that is as large as its bytes")
def test_what_lies_in_another_archive_is_counted_beside_it(found, monkeypatch):
    monkeypatch.setattr("gitops_models.artifacts.scan.budget._FREE", 1 << 14)
    monkeypatch.setattr("gitops_models.artifacts.scan.budget._BESIDE", 1 << 15)
    inner = zipped({"a.pkl": dumped(random.Random(1).randbytes(200_000))})
    assert found(PACK["gzip"](tarred({"a.zip": inner}))) == []


@pytest.mark.attack("a file that is looked into for longer than anybody waits", "GM-A703", by="storage")
@pytest.mark.parametrize(
    "data", [proto(b"N0" * 100_000 + b"N"), b"text\n" * 1_000_000, zipped({"a": b"x" * 9_000_000}), proto(b"N")]
)
def test_a_scan_ends_when_nobody_waits_any_more(found, data):
    assert found(data, stop=lambda: True) == [TOO_MUCH]
    asked = []

    def later():
        asked.append(None)
        return len(asked) > 3

    assert TOO_MUCH in found(data, stop=later) or len(data) < 100
    assert len(asked) < 20


def test_a_check_that_is_over_ends_its_scan(monkeypatch):
    stops = []
    monkeypatch.setattr(
        "gitops_models.delivery.checks.scanning.run",
        lambda _subject, _allow, *, stop: stops.append(stop) or Finding(True),  # noqa: FBT003 - passed
    )
    lines = Lines(1)
    assert runner._RUNS["scan"](type("Check", (), {"allow": ()}), None, lines).passed
    assert not stops[0]()
    lines.cut()
    assert stops[0]()
