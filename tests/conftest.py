"""What holds for every test: a home and a Git configuration of its own, and no network past loopback."""

import functools
import gc
import itertools
import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.servers import FIXTURES, _s3_server, metrics, prometheus, s3, why_missing  # noqa: F401 - fixtures

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = Path(os.environ.get("GM_SHARED_DATA") or ROOT.parent / "shared" / "data")

# Time limits on examples make a busy machine fail; the same examples on every run of CI make a failure repeatable.
settings.register_profile("house", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
settings.load_profile("house")

LEAKS = ("GIT_", "GM_", "GITHUB_", "XDG_", "DVC_", "GNUPG", "RUNNER_", "ACTIONS_", "MAKE")
# A process that a test starts is measured only where the test says so: see tests/support/measured.py.
LEAKING = frozenset(
    {"COVERAGE_PROCESS_CONFIG", "SSH_AUTH_SOCK", "SSH_ASKPASS", "EMAIL", "GH_TOKEN", "MFLAGS", "PYTHONPATH", "NO_COLOR"}
)
KEPT = frozenset({"GM_SHARED_DATA", "GM_SWEEP", "GM_SWEEP_MOST"})


def pytest_sessionfinish() -> None:
    """Write what was measured: xdist kills a worker that needs ten seconds to remove old folders before it exits."""
    coverage = sys.modules.get("coverage")
    measured = coverage.Coverage.current() if coverage else None
    if measured is not None:
        measured.save()


def isolate(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Point everything that a tool reads from the person's machine at ``home``, which is made."""
    home.mkdir(parents=True)
    for name in list(os.environ):
        if name not in KEPT and (name.startswith(LEAKS) or name in LEAKING):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("TZ", "UTC")
    isolate_dvc(monkeypatch, home)
    isolate_libgit2(home)


def isolate_dvc(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """A DVC that reports nothing, asks for no newer version and shares no cache between tests."""
    settings_dir = home / ".config" / "dvc"
    settings_dir.mkdir(parents=True)
    (settings_dir / "config").write_text("[core]\n    analytics = false\n    check_update = false\n")
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", str(settings_dir))
    monkeypatch.setenv("DVC_SYSTEM_CONFIG_DIR", str(home / "etc-dvc"))
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(home / ".cache" / "dvc-site"))


def isolate_libgit2(home: Path) -> None:
    """libgit2 reads HOME once, when it is loaded, so its search paths are set in words."""
    import pygit2  # noqa: PLC0415 - a start-up test's own process must not pay for it
    from pygit2.enums import ConfigLevel  # noqa: PLC0415

    for level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):
        pygit2.settings.search_path[level] = str(home)


@pytest.fixture(scope="session", autouse=True)
def _isolated_session(tmp_path_factory):
    """For fixtures that live longer than one test."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        isolate(monkeypatch, tmp_path_factory.mktemp("session") / "home")
        yield


@pytest.fixture(scope="session")
def _homes(tmp_path_factory):
    root = tmp_path_factory.mktemp("homes")
    return (root / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def home(_isolated_session, _homes):
    """The HOME of this test: empty but for DVC's settings."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        path = next(_homes)
        isolate(monkeypatch, path)
        yield path


@pytest.fixture(scope="session")
def repository_root() -> Path:
    """The root of this project's own checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the repository, or a skip that says where it was looked for."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the shared data folder is absent: {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="module")
def stack():
    """A Sigstore on loopback; see ``tests/support/sigstore_loopback.py``."""
    from tests.support.sigstore_loopback import loopback  # noqa: PLC0415 - most modules need none

    with loopback() as made:
        yield made


def pytest_collection_modifyitems(items):
    """Whoever asks for the shared data is marked so, and who works through processes is measured in these alone."""
    for item in items:
        if "shared_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.shared_data)
        _mark_servers(item)
        if _works_through_processes(item.module):
            item.add_marker(pytest.mark.unmeasured)


def _mark_servers(item):
    """Whoever asks for a real server is marked so, and skipped where it is missing."""
    for server in sorted({FIXTURES[name] for name in getattr(item, "fixturenames", ()) if name in FIXTURES}):
        item.add_marker(pytest.mark.server(server))
    reason = why_missing({name for mark in item.iter_markers("server") for name in mark.args})
    if reason:
        item.add_marker(pytest.mark.skip(reason=reason))


@functools.cache
def _works_through_processes(module):
    """End to end, or with the processes of ``tests.support.team``: in this one there is only the set-up."""
    used = (getattr(value, "__module__", None) for value in vars(module).values())
    return Path(module.__file__).parent.name == "e2e" or "tests.support.team" in used


def pytest_collection_finish():
    """Thousands of collected tests live to the end: the collector of cycles need not walk them each time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """A test that repeats at length what others cover runs at full speed: tracing lines doubles its time."""
    coverage = sys.modules.get("coverage")
    running = coverage.Coverage.current() if coverage else None
    if running is None or not (item.get_closest_marker("sweep") or item.get_closest_marker("unmeasured")):
        return (yield)
    running.stop()
    try:
        return (yield)
    finally:
        running.start()
