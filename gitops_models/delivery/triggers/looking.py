"""One look at one trigger: ask its source, and where it compares, for what it compares with."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from gitops_models.delivery.triggers.reduce import signal_of
from gitops_models.delivery.triggers.values import Answer
from gitops_models.errors import GmError
from gitops_models.registry.documents.triggers import LINEAGE, PREVIOUS
from gitops_models.registry.text import visible
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_models.delivery.triggers.sources.base import MetricSource, Subject
    from gitops_models.delivery.triggers.values import Signal
    from gitops_models.registry.documents import Lineage
    from gitops_models.registry.documents.triggers import Trigger

_SHOWN = 300


@dataclass(frozen=True)
class Asked:
    """What is asked about: the served version, its lineage, and the version before it where there is one."""

    subject: Subject
    lineage: Lineage
    before: Subject | None = None


def look(trigger: Trigger, asked: Asked, sources: Mapping[str, MetricSource]) -> Signal:
    """Return the signal of a trigger now; whatever goes wrong is a signal too."""
    now = asked.subject.now
    said = ask(trigger, asked.subject, sources)
    if trigger.baseline is None or said.error is not None:
        return signal_of(trigger, said, now)
    try:
        return signal_of(trigger, said, now, _baseline(trigger, asked, sources))
    except GmError as error:
        return signal_of(trigger, said, now, Answer(error=_words(error)))


def ask(trigger: Trigger, subject: Subject, sources: Mapping[str, MetricSource]) -> Answer:
    """Ask the trigger's source, and on how many samples the value stands where the trigger has a query for that."""
    source = sources.get(trigger.use)
    if source is None:
        return Answer(error=_words(GmError("GM-R601", f"there is no source {trigger.use}")))
    try:
        said = source.read(trigger.query, subject)
        if trigger.samples is None:
            return said
        return Answer(said.samples, said.error, said.listed, _count(source.read(trigger.samples, subject)))
    except GmError as error:
        return Answer(error=_words(error))
    except Exception as error:  # noqa: BLE001 - whatever a source answers, the other triggers are looked at
        return Answer(error=f"{type(error).__name__} in source {trigger.use}")


def _count(said: Answer) -> int:
    """Add up what the second query gave; nothing and what is no count are no samples."""
    values = [sample.value for sample in said.samples]
    numbers = [value for value in values if isinstance(value, Decimal) and value.is_finite()]
    return max(int(sum(numbers, Decimal(0))), 0)


def _baseline(trigger: Trigger, asked: Asked, sources: Mapping[str, MetricSource]) -> Answer | Decimal:
    of = trigger.baseline.of if trigger.baseline else None
    if isinstance(of, float):
        return Decimal(str(of))
    if of == PREVIOUS:
        return ask(trigger, asked.before, sources) if asked.before is not None else Answer()
    name = str(of).removeprefix(LINEAGE)
    found = next((metric for metric in asked.lineage.metrics if metric.name == name), None)
    return Answer() if found is None else Decimal(str(found.value))


def _words(error: GmError) -> str:
    return visible(f"{error.code}: {error.message}"[:_SHOWN])
