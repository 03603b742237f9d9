"""How policy tests are run and shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gitops_models.cli.output import emit, next_step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitops_models.cli.options import Options
    from gitops_models.policy.trials import Trial


def run_policy_tests(options: Options, where: Path | None, head: str | None, *, as_json: bool) -> int:
    """Run them, print each with what is other than expected, and return the exit status: 3 where one fails."""
    from gitops_models.errors import Exit
    from gitops_models.workflows.policies import policy_tests_here

    found = policy_tests_here(options.repo, where, head)
    failed = sum(not trial.passed for trial in found)
    body = {"passed": not failed, "total": len(found), "failed": failed, "tests": [_body(trial) for trial in found]}
    lines = [line for trial in found for line in _lines(trial)]
    emit(replace(options, json=as_json), "PolicyTests", body, [*lines, f"{len(found)} tests, {failed} failed"])
    if not as_json:
        next_step(options, "gm policy explain CODE" if failed else "gm policy lint")
    return Exit.DENIED if failed else Exit.OK


def _lines(trial: Trial) -> Iterator[str]:
    from gitops_models.policy.render.text import finding_text

    yield f"{'ok  ' if trial.passed else 'FAIL'}  {trial.test}: {trial.case.name}"
    if trial.passed:
        return
    yield from (f"        {line}" for line in trial.differences)
    for finding in trial.verdict.findings if trial.verdict else ():
        yield from (f"        {line}" for line in finding_text(finding).split("\n"))


def _body(trial: Trial) -> dict[str, Any]:
    from gitops_models.policy.render.jsons import to_json

    return {
        "test": trial.test,
        "name": trial.case.name,
        "passed": trial.passed,
        "expected": {"outcome": trial.case.expect, "codes": list(trial.case.codes), "tells": list(trial.case.tells)},
        "differences": list(trial.differences),
        "verdict": to_json(trial.verdict) if trial.verdict else None,
    }
