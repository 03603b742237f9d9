"""Waivers in force, as every command tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_models.registry.documents import Waiver


def waiver_body(waiver: Waiver) -> dict[str, Any]:
    """One waiver for programs."""
    return {
        "id": waiver.id,
        "code": waiver.code,
        "models": list(waiver.models),
        "stage": waiver.stage,
        "version": waiver.version,
        "reason": waiver.reason,
        "expires": waiver.expires,
        "by": waiver.by,
    }


def waiver_lines(waivers: Sequence[Waiver]) -> list[str]:
    """One line each: ``waiver fraud-soak: GM-P316 for fraud in production until … (reason)``."""
    return [f"waiver {one.id}: {one.code} for {_about(one)} until {one.expires} ({one.reason})" for one in waivers]


def _about(waiver: Waiver) -> str:
    version = f"@{waiver.version}" if waiver.version else ""
    stage = f" in {waiver.stage}" if waiver.stage else ""
    return f"{', '.join(f'{model}{version}' for model in waiver.models)}{stage}"
