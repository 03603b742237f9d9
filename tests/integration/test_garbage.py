"""The content store loses what nothing needs, and never what is served, was before it, would be restored or is held."""

import errno
import os
from datetime import timedelta
from pathlib import Path

import pytest

from gitops_models.artifacts.garbage import ABANDONED, SPARE, Collected, collect, note_needs
from gitops_models.artifacts.readers import open_remote
from gitops_models.delivery.garbage import Garbage
from gitops_models.delivery.results import Done, State
from gitops_models.errors import GmError
from tests.support.anywhere import somewhere
from tests.support.delivery import NOW
from tests.support.feeding import Served, Site, files_of

VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "1.3.0")
OF_ONE = 5  # a file, a directory's three files and its listing


@pytest.fixture
def site(tmp_path, request):
    versions = {version: files_of(tmp_path / "bytes" / version, version) for version in VERSIONS}
    with somewhere("local", tmp_path / "far", request) as place:
        for version in versions.values():
            version.put_into(place)
        yield Site(place, None, versions, tmp_path / "bytes")


@pytest.fixture
def served(site, tmp_path):
    return Served(site, tmp_path / "served", open_remote(site.place.spec), keep=1)


def age(served, by=SPARE + timedelta(minutes=1)):
    """Have everything in the store be older than what is spared."""
    then = (NOW + served.later - by).timestamp()
    for path in served.content.root.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def has(served, version):
    """Whether the store has every byte of a version, without the remote."""
    known = served.site.versions[version]
    files = [known.hashes("model.bin").sha256, known.hashes("tokenizer").sha256]
    files += [each.sha256 for _, each in known.hashes("tokenizer").files]
    found = [served.content.path(sha256).is_file() for sha256 in files]
    assert all(found) or not any(found)
    return all(found)


def history(served, version, change=lambda accepted: accepted):
    return change(served.site.accepted(version)).history()


def clear(served, version, *, change=lambda accepted: accepted, **options):
    made = served.reconciler(history(served, version, change))
    return made.garbage.clear(history(served, version, change), **options)


def deploy(served, *versions):
    for version in versions:
        assert served.run(version).state is State.LIVE
        served.later += timedelta(minutes=10)


def test_what_is_live_and_what_was_before_it_stay_and_the_rest_goes(served):
    deploy(served, *VERSIONS)
    age(served)
    collected = clear(served, "1.3.0")
    kept = [version for version in VERSIONS if has(served, version)]
    assert kept[-2:] == ["1.2.0", "1.3.0"]
    assert (collected.removed, collected.kept) == (OF_ONE * (4 - len(kept)), OF_ONE * len(kept))
    assert collected.removed_bytes > 0
    assert served.live() == served.site.content_of("1.3.0")


def test_a_run_that_switched_clears_up_by_itself_and_going_back_needs_no_remote(served, tmp_path):
    deploy(served, "1.0.0", "1.1.0", "1.2.0")
    age(served)
    deploy(served, "1.3.0")
    assert [has(served, version) for version in ("1.0.0", "1.2.0", "1.3.0")] == [False, True, True]
    (tmp_path / "far").rename(tmp_path / "gone")
    deploy(served, "1.2.0")
    assert served.live() == served.site.content_of("1.2.0")


def test_what_a_rollback_would_restore_stays_where_no_target_has_it_any_more(served, monkeypatch):
    deploy(served, "1.0.0", "1.3.0")
    age(served)
    (good,) = [one.digest for one in _desired(served, "1.0.0")]
    spare = next(iter(_desired(served, "1.0.0")))
    for entry in (served.root / "srv/fraud/production/store").iterdir():
        if entry.name == good:
            entry.rename(served.root / "elsewhere")
    from gitops_models.delivery import garbage as module  # noqa: PLC0415

    states = module.desired_states
    monkeypatch.setattr(module, "desired_states", lambda *args, **more: _with_spare(states(*args, **more), spare))
    clear(served, "1.3.0")
    assert has(served, "1.0.0")


def _desired(served, version):
    from gitops_models.delivery.desired import desired_states  # noqa: PLC0415

    return [one.deployment for one in desired_states(history(served, version))]


def _with_spare(states, spare):
    from dataclasses import replace  # noqa: PLC0415

    return tuple(replace(state, spares=(spare,)) for state in states)


def test_what_is_held_stays(served):
    deploy(served, "1.0.0", "1.1.0")
    age(served)
    clear(served, "1.1.0", change=lambda accepted: accepted.hold("fraud"))
    assert has(served, "1.0.0")
    assert has(served, "1.1.0")


def test_nothing_is_removed_where_a_place_does_not_say_what_it_needs(served):
    deploy(served, "1.0.0", "1.1.0")
    age(served)
    before = sorted(served.content.root.rglob("*"))
    with pytest.raises(GmError) as caught:
        clear(served, "1.1.0", change=lambda accepted: accepted.stage("fraud", "1.1.0", pins="0" * 64))
    assert caught.value.code == "GM-A623"
    assert sorted(served.content.root.rglob("*")) == before


def test_a_trial_says_what_would_go_and_removes_nothing(served):
    deploy(served, *VERSIONS)
    age(served)
    before = sorted(served.content.root.rglob("*"))
    would = clear(served, "1.3.0", dry_run=True)
    assert sorted(served.content.root.rglob("*")) == before
    assert clear(served, "1.3.0") == would
    assert would.removed > 0


def test_what_is_young_stays_for_somebody_may_be_fetching_it(served):
    deploy(served, "1.0.0")
    for path in served.content.root.rglob("*"):
        if path.is_file():
            os.utime(path, (served.now().timestamp(),) * 2)
    found = collect(served.content, (), (), at=served.now())
    assert (found.removed, found.kept) == (0, OF_ONE)
    assert collect(served.content, (), (), at=served.now() + SPARE).removed == OF_ONE


def test_files_that_are_none_of_ours_stay(served):
    deploy(served, "1.0.0")
    root = served.content.root
    strangers = [root / "ab" / "notes.txt", root / "README", root / "xyz" / ("0" * 62)]
    for path in strangers:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    (root / "cd").symlink_to(root / "xyz")
    age(served)
    collect(served.content, (), (), at=served.now())
    assert all(path.read_text() == "mine" for path in strangers)


def test_downloads_that_nobody_went_on_with_and_notes_of_what_is_gone_are_dropped(served):
    deploy(served, "1.0.0")
    content = served.content
    (content.partial / "old").write_text("half")
    (content.partial / "new").write_text("half")
    os.utime(content.partial / "new", (served.now().timestamp(),) * 2)
    os.utime(content.partial / "old", ((served.now() - ABANDONED).timestamp() - 1,) * 2)
    note_needs(content, "0" * 64, ["1" * 64])
    collect(content, (), (), at=served.now())
    assert [path.name for path in content.partial.iterdir()] == ["new"]
    assert not list((content.root / "needs").iterdir())


def test_an_empty_store_has_nothing_to_remove(served):
    assert collect(served.content, (), (), at=NOW) == Collected()


@pytest.mark.parametrize("error", [GmError("GM-A401", "no"), OSError(errno.EIO, "Input/output error")], ids=str)
def test_a_failing_disk_does_not_fail_the_run(served, monkeypatch, error):
    tried = []

    def fails(*_args, **_options):
        tried.append(error)
        raise error

    deploy(served, "1.0.0")
    monkeypatch.setattr(Garbage, "clear", fails)
    report = served.reconciler(history(served, "1.1.0")).run()
    assert (tried, report.ok, report.first_error) == ([error], True, None)
    assert [(result.state, result.done) for result in report.results] == [(State.LIVE, Done.SWITCHED)]
    assert served.live() == served.site.content_of("1.1.0")


def test_a_disk_that_fails_while_it_clears_up_keeps_what_is_served_and_what_was_before_it(served, monkeypatch):
    deploy(served, "1.0.0", "1.1.0", "1.2.0")
    age(served)
    unlink, gone = Path.unlink, []

    def fails(path, *args, **options):
        """The disk removes all objects of a version but one, and goes away."""
        if path.is_relative_to(served.content.root) and not path.is_relative_to(served.content.partial):
            if len(gone) == OF_ONE - 1:
                raise OSError(errno.EROFS, "Read-only file system")
            gone.append(path)
        unlink(path, *args, **options)

    with monkeypatch.context() as failing:
        failing.setattr(Path, "unlink", fails)
        report = served.reconciler(history(served, "1.3.0")).run()
    assert (len(gone), report.ok, report.first_error) == (OF_ONE - 1, True, None)
    assert served.live() == served.site.content_of("1.3.0")
    assert (has(served, "1.2.0"), has(served, "1.3.0")) == (True, True)
    deploy(served, "1.2.0")
    assert served.live() == served.site.content_of("1.2.0")
