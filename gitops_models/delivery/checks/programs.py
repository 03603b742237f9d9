"""command and metric: programs of the operator's own, addresses that answer with a number, and sources of triggers."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from gitops_models.delivery.checks.base import Finding
from gitops_models.delivery.checks.fill import filled, filled_address
from gitops_models.delivery.checks.oip import NoAnswer
from gitops_models.delivery.processes import TEMPORARY_FAILURE, run_program
from gitops_models.registry.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.delivery.checks.base import Subject
    from gitops_models.delivery.checks.settings import CommandCheck, Metric
    from gitops_models.delivery.checks.web import Client, Lines
    from gitops_models.delivery.processes import Ended

_OK = 200
_MOST_VALUES = 32
_SHOWN = 200


def run_command(check: CommandCheck, subject: Subject, lines: Lines) -> Finding:
    """Run the program; status 0 passes, 75 (EX_TEMPFAIL) could not find out, any other fails.

    What it prints as one flat JSON object are its values, with ``message`` as its words.
    """
    ended = _run(check.command, subject, lines.seconds)
    values, message = _values(ended.output)
    if ended.status is None:
        return Finding(None, values, f"it did not end within {lines.seconds:g} s")
    passed = {0: True, TEMPORARY_FAILURE: None}.get(ended.status, False)
    said = message or ended.words or f"it ended with status {ended.status}"
    return Finding(passed, {"status": ended.status, **values}, "" if passed else said)


def run_metric(check: Metric, subject: Subject, lines: Lines) -> Finding:
    """Get the number and hold it to its limits, strictly and in decimals."""
    if check.source is not None:
        return judged(*_asked(check.source, check.query, subject), above=check.above, below=check.below)
    if check.command is not None:
        ended = _run(check.command, subject, lines.seconds)
        if ended.status != 0:
            return Finding(None, {}, ended.words or f"the command ended with status {ended.status}")
        text: object = ended.output.decode("utf-8", "replace").strip()
    else:
        client = lines.client(filled_address(check.url or "", subject.words))
        text = _at(client, filled(check.field or "", subject.words))
    return judged(_number(text), above=check.above, below=check.below)


def judged(*numbers: Decimal | None, above: float | None, below: float | None) -> Finding:
    """Say whether every number lies strictly within the limits. No number and no limit are no data, never a pass. Pure.

    Of several, such as one of each instance, the lowest and the highest are kept.
    """
    limits: dict[str, float | str] = {
        name: limit for name, limit in (("above", above), ("below", below)) if limit is not None
    }
    known = [number for number in numbers if number is not None]
    if not known or len(known) < len(numbers):
        return Finding(None, limits, "there is no number")
    low, high = min(known), max(known)
    values = {"value": float(low), **({"highest": float(high)} if high != low else {}), **limits}
    if not limits:
        return Finding(None, values, "nobody says which values are good: name above or below")
    if above is not None and not low > Decimal(str(above)):
        return Finding(False, values, f"{low:f} is not above {above:g}")  # noqa: FBT003 - passed
    if below is not None and not high < Decimal(str(below)):
        return Finding(False, values, f"{high:f} is not below {below:g}")  # noqa: FBT003 - passed
    return Finding(True, values)  # noqa: FBT003 - passed


def _asked(name: str, query: str | None, subject: Subject) -> Sequence[Decimal | None]:
    """Ask a source of the operator's file. Raises ``NoAnswer``, and what the source raises."""
    from gitops_models.delivery.triggers.sources.base import Subject as Asked  # noqa: PLC0415 - only with a source

    if name not in subject.sources:
        raise NoAnswer(f"the reconciler's file names no source {name}")
    wanted = subject.wanted
    asked = Asked(wanted.model, wanted.stage, wanted.version, wanted.digest, subject.now())
    answer = subject.sources[name].read(query, asked)
    if answer.error is not None:
        raise NoAnswer(answer.error)
    return [_number(sample.value) for sample in answer.samples]


def _run(command: tuple[str, ...], subject: Subject, seconds: float) -> Ended:
    return run_program([filled(word, subject.words) for word in command], seconds=seconds)


def _values(output: bytes) -> tuple[dict[str, float | str], str]:
    """Return what the program said as values and words; nothing where it printed something else."""
    try:
        said = json.loads(output)
    except (ValueError, RecursionError):
        return {}, ""
    if not isinstance(said, dict):
        return {}, ""
    flat = {name: one for name, one in said.items() if type(one) in (int, float, str) and name != "message"}
    kept = {visible(name[:_SHOWN]): _shown(value) for name, value in list(flat.items())[:_MOST_VALUES]}
    return kept, str(_shown(said["message"])) if isinstance(said.get("message"), str) else ""


def _shown(value: float | str) -> float | str:
    return visible(value[:_SHOWN]) if isinstance(value, str) else float(value)


def _at(client: Client, pointer: str) -> object:
    """Return what stands at a JSON pointer (RFC 6901) of the answer. Raises ``NoAnswer``."""
    answer = client.get()
    if answer.status != _OK:
        raise NoAnswer(f"status {answer.status}")
    try:
        value: Any = json.loads(answer.body, parse_float=Decimal)
        for step in pointer.split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            value = value[int(key)] if isinstance(value, list) else value[key]
    except (ValueError, RecursionError) as error:
        raise NoAnswer("the answer is no JSON") from error
    except (KeyError, IndexError, TypeError):
        return None
    return value


def _number(found: object) -> Decimal | None:
    """Return a finite number; text is read, everything else is no data."""
    if isinstance(found, bool) or not isinstance(found, int | float | str | Decimal):
        return None
    try:
        value = Decimal(str(found))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
