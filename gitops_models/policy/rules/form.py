"""P0xx, form: documents valid, paths allowed, reason given, one thing per change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_models.errors import GmError
from gitops_models.policy.authority import demand
from gitops_models.policy.document import load_policy
from gitops_models.policy.pointers import load_pointer
from gitops_models.policy.rule import Problem, Rule
from gitops_models.policy.wording import phrase
from gitops_models.registry import yamls
from gitops_models.registry.documents.identity import identity_problem
from gitops_models.registry.events import Forbidden, Restored
from gitops_models.registry.paths import DOCUMENT_KINDS, POLICY_SCOPE
from gitops_models.registry.scopes import REGULAR
from gitops_models.registry.text import names_a_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitops_models.policy.context import Context

FORM_REASONS = frozenset(("mode", "unknown"))
"""Why a file may be forbidden whatever it holds. Other reasons break a rule that says more about them."""


def change_is_not_empty(context: Context) -> Iterator[Problem]:
    """Demand that the change changes something."""
    if context.change.empty:
        yield Problem("the change has no effect on governed files")


def documents_are_valid(context: Context) -> Iterator[Problem]:
    """Each governed document that the change adds or edits parses and fits its schema."""
    for path in _documents(context):
        try:
            _parse(context, path)
        except GmError as error:
            yield Problem(f"{error.message} ({error.code})", path, error.details, error.hint)


def identity_equals_path(context: Context) -> Iterator[Problem]:
    """Demand that the names in a document are those of its path."""
    for path in _documents(context):
        place = context.after.place(path)
        if place.kind in ("policy", "pointer"):
            continue
        try:
            problem = identity_problem(context.after.document(path), place)
        except GmError:  # documents_are_valid speaks of it
            continue
        if problem:
            yield Problem(problem, path)


def _documents(context: Context) -> Iterator[str]:
    """Paths with content of ours after the change: plain files (a submodule has no blob) that are documents."""
    for change in context.changed(*DOCUMENT_KINDS, "pointer"):
        if change.after is not None and change.after.mode == REGULAR:
            yield change.path


def _parse(context: Context, path: str) -> None:
    kind = context.after.place(path).kind
    if kind == "policy":
        load_policy(context.after.data(path), path)
    elif kind == "pointer":
        load_pointer(context.after.data(path), path)
    else:
        context.after.document(path)


def paths_are_allowed(context: Context) -> Iterator[Problem]:
    """Only plain files under known names; the snapshot layer names every path that is none."""
    for event in context.of(Forbidden):
        orphan = event.reason == "orphan" and context.before.place(event.path).kind == "signature"
        if event.reason in FORM_REASONS or orphan:
            yield Problem(event.why, event.path)


def policy_stands_alone(context: Context) -> Iterator[Problem]:
    """Demand that a change to policy paths does not ride along with models."""
    scopes = {change.place.scope for change in context.change.paths}
    others = sorted(scopes - {POLICY_SCOPE})
    if POLICY_SCOPE in scopes and others:
        yield Problem(f"policy paths and {', '.join(others)} in one change")


def reason_is_given(context: Context) -> Iterator[Problem]:
    """Every event says why, in a commit that touches its files."""
    silent = [
        event
        for event in context.change.events
        if not isinstance(event, Forbidden | Restored)
        and not any((commit.reason or "").strip() for commit in context.commits(event.paths))
    ]
    if silent:
        names = ", ".join(dict.fromkeys(phrase(event) for event in silent))
        yield Problem(f"no reason given for {names}", silent[0].paths[0])


def one_model_per_quorum(context: Context) -> Iterator[Problem]:
    """Reviewers agree to one model at a time, unless the policy allows several."""
    if len(context.models) < 2 or context.policy.approvals.multi_model:  # noqa: PLR2004 - two is the first plural
        return
    if any(demand(context, event) is not None for event in context.change.events):
        yield Problem(f"a change that needs approval touches {', '.join(context.models)}")


def addresses_hold_no_secret(context: Context) -> Iterator[Problem]:
    """Demand that no address in a document carries a user or password: what is accepted is readable for ever.

    The finding names the field and never what stands there. Text without an @ or an escape that may be one has none.
    """
    for path in _documents(context):
        data = context.after.data(path)
        if context.after.place(path).kind in DOCUMENT_KINDS and (b"@" in data or b"\\" in data):
            value = yamls.load(data, path)
            yield from (Problem(f"{field} has an address with user information", path) for field in _telling(value))


def _telling(value: object, at: tuple[str, ...] = ()) -> Iterator[str]:
    """Where text below ``value`` has such an address; a key that has one is named by what holds it."""
    if isinstance(value, str):
        if names_a_user(value):
            yield ".".join(at)
    elif isinstance(value, dict):
        for key, inner in value.items():
            secret = names_a_user(key)
            if secret:
                yield ".".join((*at, "a key"))
            yield from _telling(inner, (*at, "?" if secret else key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _telling(inner, (*at, str(index)))


RULES = (
    Rule("GM-P000", change_is_not_empty, "An already merged branch or a change of nothing is refused.", restoring=True),
    Rule("GM-P001", documents_are_valid, "Unknown, missing or malformed means denied.", restoring=True),
    Rule("GM-P002", identity_equals_path, "A document must not speak for another path than its own.", restoring=True),
    Rule("GM-P003", paths_are_allowed, "No symlinks, submodules, executables or unknown files.", restoring=True),
    Rule("GM-P004", policy_stands_alone, "A change must not bring the policy that it is judged by.", restoring=True),
)
"""Without these nothing else can be judged."""

LATE_RULES = (
    Rule("GM-P005", reason_is_given, "Every governed event carries the trailer Gm-Reason."),
    Rule("GM-P006", one_model_per_quorum, "One approval speaks for one model."),
    Rule("GM-P007", addresses_hold_no_secret, "History keeps a password for everybody who can read it."),
)
