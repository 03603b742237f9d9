"""A plugin of pytest that tries mutants: it collects the tests once and forks a process for each mutant.

Every process starts from a session in which no test has run, so nothing that a cache holds hides a mutant. The first
ones run all tests without a mutant and write down which functions each test reaches. A mutant is tried with the tests
that reach its function, those of the module's own name first and then the quickest, until one fails. A process has ten
times the processor time that its tests take without a mutant.
"""

import json
import os
import resource
import sys
from collections import defaultdict
from pathlib import Path
from time import process_time

import pytest
from _pytest.runner import runtestprotocol
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

PLAN, RESULTS = Path("plan.json"), Path("results.json")
KILLED, SURVIVED, LATE, UNREACHED = "killed", "survived", "late", "unreached"
MEMORY = 4 << 30
_FAILED = 1


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    """Instead of running the tests: try the mutants of the plan, write what became of each."""
    if session.testsfailed:
        raise session.Interrupted("a module of tests cannot be imported")
    plan = json.loads(PLAN.read_text("utf-8"))
    reach = _reached(session.items, plan["children"])
    items = {one.nodeid: one for one in session.items}
    results, running = {}, {}
    for name in plan["mutants"]:
        tests = _ordered(name, reach)
        if not tests:
            results[name] = UNREACHED
            continue
        if len(running) == plan["children"]:
            _note(results, running)
        seconds = 10 + int(10 * sum(reach["seconds"][test] for test in tests))
        running[_forked(lambda: _try(name, [items[test] for test in tests], seconds))] = name  # noqa: B023 - runs now
    while running:
        _note(results, running)
    RESULTS.write_text(json.dumps(results), "utf-8")
    return True


def _forked(work) -> int:
    """The id of a process that does ``work`` in silence and ends with what that returns."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = _FAILED
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        status = work()
    finally:
        os._exit(status)


def _wait(pid: int) -> tuple[int, int]:
    found, status = os.waitpid(pid, 0)
    return found, os.waitstatus_to_exitcode(status)


def _note(results, running) -> None:
    pid, status = _wait(-1)
    name = running.pop(pid)
    results[name] = SURVIVED if status == 0 else KILLED if status > 0 else LATE
    print(f"{len(results)} {results[name]} {name}", file=sys.__stderr__, flush=True)


def _reached(items, children: int):
    """Which tests reach each function and how long each takes, found by so many processes at a time."""
    parts = [(items[number::children], Path(f"reach-{number}.json")) for number in range(children)]
    for pid in [_forked(lambda part=part, path=path: _look(part, path)) for part, path in parts]:
        _wait(pid)
    reach = {"tests": defaultdict(list), "seconds": {}}
    for _, path in parts:
        found = json.loads(path.read_text("utf-8"))
        if found["failed"]:
            pytest.exit(f"without any mutant {found['failed']} fails", returncode=2)
        reach["seconds"] |= found["seconds"]
        for function, tests in found["tests"].items():
            reach["tests"][function] += tests
    return reach


def _look(items, path: Path) -> int:
    """Run tests on the functions as they are; write to ``path`` what each reaches and how long it takes."""
    set_mutant_under_test("stats")
    by_function, seconds, failed = defaultdict(list), {}, None
    for item, following in zip(items, [*items[1:], None], strict=True):
        start = process_time()
        if failed := item.nodeid if _fails(item, following) else None:
            break
        seconds[item.nodeid] = process_time() - start
        for function in state()._stats:
            by_function[function].append(item.nodeid)
        state()._stats.clear()
    path.write_text(json.dumps({"tests": by_function, "seconds": seconds, "failed": failed}), "utf-8")
    return 0


def _ordered(name: str, reach) -> list[str]:
    function = name.replace("__init__.", "").partition("__mutmut_")[0]
    own = f"/test_{function.rpartition('.x')[0].rpartition('.')[2]}.py::"
    return sorted(reach["tests"].get(function, ()), key=lambda test: (own not in test, reach["seconds"][test], test))


def _try(name: str, items, seconds: int) -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    set_mutant_under_test(name)
    tests = zip(items, [*items[1:], None], strict=True)
    return _FAILED if any(_fails(item, following) for item, following in tests) else 0


def _fails(item, following) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))
