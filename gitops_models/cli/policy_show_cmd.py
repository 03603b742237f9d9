"""gm policy show."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer

from gitops_models.cli.common import open_here
from gitops_models.cli.options import of
from gitops_models.cli.output import emit, next_step, table

if TYPE_CHECKING:
    from gitops_models.policy.effective import Entitlement

RISKS = ("low", "medium", "high", "critical")


def command(context: typer.Context) -> None:
    """Show the accepted policy with every default, and who may do what under it."""
    from gitops_models.policy.effective import entitlements, filled
    from gitops_models.registry import yamls
    from gitops_models.registry.paths import POLICY_YAML

    options = of(context)
    session = open_here(options)
    policy = session.history.policy
    touch = session.history.state.touched.get(POLICY_YAML)
    step = touch.step if touch else None
    rows = entitlements(policy)
    document = filled(policy)
    text = yamls.dump(document).decode().rstrip("\n").split("\n")
    since = [f"# accepted with step {step[:12]}"] if step else []
    emit(
        options,
        "EffectivePolicy",
        {"step": step, "policy": document, "entitlements": [_body(row) for row in rows]},
        [*since, *text, "", *table(list(_rows(rows)), ("WHO MAY DO WHAT", "RISK", "PROPOSES", "AGREES", "NOTE"))],
    )
    next_step(options, "gm policy lint")


def _body(row: "Entitlement") -> dict[str, Any]:
    return {
        "what": row.what,
        "may": dict(zip(RISKS, map(list, row.may), strict=True)),
        "agree": dict(zip(RISKS, map(list, row.agree), strict=True)),
        "note": row.note or None,
    }


def _rows(rows: Sequence["Entitlement"]) -> Iterator[tuple[str, str, str, str, str]]:
    """One line for each different pair of cells, with the risks that it holds for."""
    for row in rows:
        cells: dict[tuple[str, str], list[str]] = {}
        for risk, may, agree in zip(RISKS, row.may, row.agree, strict=True):
            cells.setdefault((", ".join(may), ", ".join(agree) or "nobody else"), []).append(risk)
        what, note = row.what, row.note
        for (proposes, agrees), risks in cells.items():
            yield what, "any" if len(risks) == len(RISKS) else ", ".join(risks), proposes, agrees, note
            what = note = ""
