"""Attacks with names of refs: names that a reader splits in two, and names that stand in the way of others."""

import io
import subprocess
import sys
from types import SimpleNamespace

import pytest

from gitops_models.cli.door import pre_receive as run_door
from gitops_models.store.pushing import parse_porcelain
from gitops_models.store.refusals import said_lines
from gitops_models.store.transport import ls_remote
from gitops_models.workflows import review
from gitops_models.workflows.hook import Moved, pre_receive

SPLITTING = ["\u2028", "\u2029", "\x85"]
BLOCKING = [
    "refs/heads/gm",
    "refs/heads/gm/promotion",
    "refs/heads/gm/promotion/fraud/1.1.0/staging",
    "refs/heads/gm/promotion/fraud/1.1.0/staging/12345678/more",
    "refs/gm",
    "refs/tags",
    "refs/gm-seen",
]


def knock(registry, *updates):
    """The codes with which the door refuses ``(ref, old, new)`` updates."""
    with registry.untouched():
        judgement = pre_receive(registry.path, [Moved(*update) for update in updates], registry.clock)
    return tuple(refusal.code for refusal in judgement.refusals)


def slip_in(registry, name):
    """A ref that came in where no door stood."""
    command = ["git", "--git-dir", str(registry.path), "update-ref", name, registry.tip]
    subprocess.run(command, check=True, timeout=60)


@pytest.mark.parametrize("sign", SPLITTING)
@pytest.mark.parametrize("name", ["refs/tags/a{}b", "refs/heads/gm/a{}b", "refs/heads/gm/a/b/c/-/1{}2", "refs/gm/a{}b"])
def test_a_name_that_a_reader_splits_stops_no_reader(registry, name, sign):
    before = registry.refs()
    slip_in(registry, name.format(sign))
    assert set(registry.refs()) - set(before) == {name.format(sign)}
    assert ls_remote(registry.store, str(registry.path), "refs/*")[name.format(sign)] == registry.tip
    assert review.proposals(registry.session("lead")) == ()
    registry.ledger.remember_seen()
    assert registry.version("fraud", "1.2.0")


def test_a_name_that_is_no_text_is_skipped(registry):
    before = registry.refs()
    slip_in(registry, b"refs/tags/a\xff")
    assert registry.refs() == before
    assert "refs/tags/a" not in ls_remote(registry.store, str(registry.path))


def test_the_outcome_of_a_push_is_read_line_by_line():
    text = "!\tx:refs/heads/a\u2028b\t[remote rejected] (no)\nDone\n"
    assert [(ref.flag, ref.name) for ref in parse_porcelain(text)] == [("!", "refs/heads/a\u2028b")]
    assert said_lines("fatal: a\u2028error: b\nremote: c\r\n") == ("fatal: a\\u2028error: b", "remote: c")


@pytest.mark.attack("a ref name that readers split in two", "GM-F311", by="author")
@pytest.mark.parametrize("name", ["refs/tags/a\u2028b", "refs/heads/\xfcber", "refs/heads/a\x7fb", "refs/heads/\udcff"])
def test_the_door_takes_names_in_printable_ascii_only(registry, name):
    assert knock(registry, (name, None, registry.tip)) == ("GM-F311",)
    assert knock(registry, ("refs/heads/a+b#c", None, registry.tip)) == ()


@pytest.mark.parametrize("name", BLOCKING)
def test_the_door_takes_no_name_that_bars_others(registry, name):
    assert knock(registry, (name, None, registry.tip)) == ("GM-F309",)


@pytest.mark.lookalike("a ref name that bars nothing")
@pytest.mark.parametrize(
    "name", ["refs/heads/gm/promotion/fraud/1.1.0/staging/12345678", "refs/heads/gmx", "refs/tags/x"]
)
def test_the_door_takes_what_bars_nothing(registry, name):
    assert knock(registry, (name, None, registry.tip)) == ()


def test_what_bars_others_may_be_deleted(registry):
    slip_in(registry, "refs/heads/gm")
    assert knock(registry, ("refs/heads/gm", registry.tip, None)) == ()


def test_the_door_reads_names_as_bytes(registry, monkeypatch, capsys):
    update = b"0" * 40 + b" " + registry.tip.encode() + b" refs/heads/a\xff\n"
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(update)))
    monkeypatch.setenv("GIT_DIR", str(registry.path))
    assert run_door() == 3
    assert "GM-F311" in capsys.readouterr().err
