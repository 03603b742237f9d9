"""``gm status --watch``: what changed is shown, what passes is waited for, and Ctrl-C ends it."""

import json
import sys

import pytest

from gitops_models.cli import status_
from gitops_models.errors import Exit, GmError
from tests.support.killing import Shop, call


@pytest.fixture(scope="module")
def shop(tmp_path_factory, _isolated_session):
    made = Shop(tmp_path_factory.mktemp("watch"))
    made.gm("promote", "fraud@1.0.0", "--through", "production", "--merge", "-m", "go live")
    made.reconcile()
    return made


@pytest.fixture
def watch(shop, monkeypatch):
    """Run ``gm status --watch`` with something happening in each pause; the last pause is ended by Ctrl-C."""

    def run(*happenings, words=()):
        left, pauses = [*happenings], []

        def pause(seconds):
            pauses.append(seconds)
            if not left:
                raise KeyboardInterrupt
            left.pop(0)()

        monkeypatch.setattr(status_, "sleep", pause)
        status, out, err = call(["-C", str(shop.clone), "--no-input", *words, "status", "--watch", "--interval", "7"])
        assert set(pauses) == {7.0}
        assert status == Exit.INTERRUPTED
        return out, err

    return run


def nothing():
    pass


def documents(out):
    found, text = [], out
    while text.strip():
        value, end = json.JSONDecoder().raw_decode(text)
        found.append(value)
        text = text[end:].lstrip()
    return found


def test_where_nobody_looks_at_a_screen_only_what_changed_is_printed(shop, watch):
    served = shop.served_root / "fraud/production/current"
    where = served.readlink()
    out, _ = watch(nothing, served.unlink, nothing, lambda: served.symlink_to(where), words=("--json",))
    assert [one["drifted"] for one in documents(out)] == [False, True, False]
    out, err = watch(nothing, nothing)
    assert out.count("MODEL") == 1
    assert err.count("next: ") == 1
    assert "\x1b" not in out


def test_a_terminal_is_drawn_anew_each_time(watch, monkeypatch):
    monkeypatch.setattr(status_, "is_screen", lambda _options: True)
    out, _ = watch(nothing)
    assert out.count(status_.CLEAR) == out.count("every 7 s; Ctrl-C ends") == out.count("MODEL") == 2
    assert out.startswith(status_.CLEAR)


def test_only_a_terminal_without_json_is_a_screen(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert status_.is_screen(status_.Options())
    assert not status_.is_screen(status_.Options(json=True))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    assert not status_.is_screen(status_.Options())


def test_what_may_pass_is_told_and_looked_at_again(watch, monkeypatch):
    real, fails = status_.open_here, [None, GmError("GM-S101", "no answer"), None]

    def opening(options):
        error = fails.pop(0)
        if error:
            raise error
        return real(options)

    monkeypatch.setattr(status_, "open_here", opening)
    out, err = watch(nothing, nothing)
    assert out.count("MODEL") == 1
    assert err.count("error[GM-S101]: no answer") == 1


@pytest.mark.parametrize(
    ("words", "status"),
    [(("--exit-code",), Exit.USAGE), (("--interval", "0"), Exit.USAGE), (("no-such-model",), Exit.NOT_FOUND)],
)
def test_what_waiting_does_not_repair_ends_it(shop, words, status):
    ended, out, _ = call(["-C", str(shop.clone), "--no-input", "status", "--watch", *words])
    assert (ended, out) == (status, "")
