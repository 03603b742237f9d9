"""``gm hook pre-receive``: imports no typer, because start-up is most of what a push waits for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gitops_models.cli.output import error_lines, safe
from gitops_models.errors import Exit, GmError


def pre_receive() -> int:
    """Judge the push on standard input; anything but a clean yes refuses it."""
    from gitops_models.workflows.clock import SystemClock
    from gitops_models.workflows.hook import parse_updates, pre_receive

    try:
        # Names are bytes: what is no text is refused by its name, not by a decoder.
        updates = parse_updates(sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\n")[:-1])
        judgement = pre_receive(Path(os.environ.get("GIT_DIR", ".")).absolute(), updates, SystemClock())
    except GmError as error:
        return _refuse([error])
    except Exception as error:  # noqa: BLE001 - fail closed: what cannot be judged does not come in
        return _refuse([GmError("GM-C001", f"{type(error).__name__}: {error}")])
    for note in judgement.notes:
        print(safe(note), file=sys.stderr)  # noqa: T201 - git shows it to the pusher
    return _refuse(judgement.refusals) if judgement.refusals else Exit.OK


def _refuse(errors: list[GmError] | tuple[GmError, ...]) -> int:
    for error in errors:
        for line in error_lines(error):
            print(safe(line), file=sys.stderr)  # noqa: T201 - git shows it to the pusher
    return errors[0].exit_status
