"""gm trust people: who holds what, and the proposals that change it."""

from typing import TYPE_CHECKING, Annotated

import typer

from gitops_models.cli.common import DryRun, Merge, NoPush, Reason, exclude, finish, need_reason, open_here
from gitops_models.cli.options import Options, of
from gitops_models.cli.output import emit, next_step, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_models.workflows.people import PeopleChange, Publishing
    from gitops_models.workflows.session import Session

app = typer.Typer()
Who = Annotated[str, typer.Argument(metavar="ID", help="Who, as people.yaml names them.")]
Strings = list[str] | None
Emails = Annotated[Strings, typer.Option("--email", metavar="ADDRESS", help="Address to commit with.")]
Roles = Annotated[
    Strings, typer.Option("--role", metavar="ROLE[=MODEL*,...]", help="A role, for all models or for some.")
]
Keys = Annotated[Strings, typer.Option("--key", metavar="KEY|FILE", help="SSH public key, on a line or in a file.")]
OldKeys = Annotated[
    Strings, typer.Option("--key", metavar="SHA256|KEY|FILE", help="SSH key, by fingerprint, line or file.")
]
Gpg = Annotated[Strings, typer.Option("--gpg", metavar="FILE|FINGERPRINT", help="GPG public key.")]
Sigstore = Annotated[
    Strings, typer.Option("--sigstore", metavar="IDENTITY", help="Keyless identity; needs --issuer, a pinned root.")
]
Issuer = Annotated[str | None, typer.Option(metavar="URL", help="OIDC issuer of the keyless identity.")]
Logins = Annotated[Strings, typer.Option("--login", metavar="FORGE:NAME:ID", help="Account, with its numeric id.")]


@app.callback(invoke_without_command=True)
def people(context: typer.Context) -> None:
    """Show who holds which role and key."""
    if context.invoked_subcommand is None:
        _show(of(context))


@app.command("list")
def list_(context: typer.Context) -> None:
    """Show who holds which role and key."""
    _show(of(context))


@app.command("add")
def add(
    context: typer.Context,
    who: Who,
    *,
    email: Emails = None,
    role: Roles = None,
    key: Keys = None,
    gpg: Gpg = None,
    sigstore: Sigstore = None,
    issuer: Issuer = None,
    login: Logins = None,
    may: Annotated[
        Strings, typer.Option("--may", metavar="EVENT", help="Makes it a workload that may do this.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Last day on which the person counts.")] = None,
    affiliation: Annotated[str | None, typer.Option(metavar="TEXT", help="Employer or kind of relation.")] = None,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Add a person or workload, or roles and keys to one who is there."""
    from gitops_models.workflows import people as work

    given = work.Given(
        emails=email or (),
        roles=role or (),
        keys=key or (),
        gpg=gpg or (),
        sigstore=sigstore or (),
        issuer=issuer,
        logins=login or (),
        may=may or (),
        until=until,
        affiliation=affiliation,
    )
    _run(context, reason, lambda at, how: work.add(at, who, given, how), merge=merge, dry_run=dry_run, no_push=no_push)


@app.command("remove")
def remove(
    context: typer.Context,
    who: Who,
    *,
    email: Emails = None,
    role: Roles = None,
    key: OldKeys = None,
    gpg: Gpg = None,
    sigstore: Sigstore = None,
    issuer: Issuer = None,
    login: Logins = None,
    person: Annotated[bool, typer.Option("--person", help="Remove them as a whole.")] = False,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Take roles, keys or accounts from somebody, or remove them."""
    from gitops_models.workflows import people as work

    given = work.Given(
        emails=email or (),
        roles=role or (),
        keys=key or (),
        gpg=gpg or (),
        sigstore=sigstore or (),
        issuer=issuer,
        logins=login or (),
    )

    def change(session: "Session", how: "Publishing") -> "PeopleChange":
        return work.remove(session, who, given, how, whole_person=person)

    _run(context, reason, change, merge=merge, dry_run=dry_run, no_push=no_push)


@app.command("rotate")
def rotate(
    context: typer.Context,
    who: Who,
    old: Annotated[str, typer.Argument(metavar="OLD", help="The key that goes: SHA256:..., its line or its file.")],
    *,
    key: Keys = None,
    gpg: Gpg = None,
    sigstore: Sigstore = None,
    issuer: Issuer = None,
    since: Annotated[
        str | None, typer.Option("--compromised-since", metavar="COMMIT", help="Nothing it signed later is trusted.")
    ] = None,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Replace a key by another."""
    from gitops_models.workflows import people as work

    new = work.Given(keys=key or (), gpg=gpg or (), sigstore=sigstore or (), issuer=issuer)

    def change(session: "Session", how: "Publishing") -> "PeopleChange":
        return work.rotate(session, who, old, new, how, since=since)

    _run(context, reason, change, merge=merge, dry_run=dry_run, no_push=no_push)


@app.command("suspend")
def suspend(
    context: typer.Context,
    who: Who,
    *,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Let a person count for nothing until further notice."""
    from gitops_models.workflows import people as work

    def change(session: "Session", how: "Publishing") -> "PeopleChange":
        return work.suspend(session, who, how, suspended=True)

    _run(context, reason, change, merge=merge, dry_run=dry_run, no_push=no_push)


@app.command("unsuspend")
def unsuspend(
    context: typer.Context,
    who: Who,
    *,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Let a suspended person count again."""
    from gitops_models.workflows import people as work

    def change(session: "Session", how: "Publishing") -> "PeopleChange":
        return work.suspend(session, who, how, suspended=False)

    _run(context, reason, change, merge=merge, dry_run=dry_run, no_push=no_push)


@app.command("train")
def train(
    context: typer.Context,
    who: Who,
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help="versioning, rollback, incident, ...")],
    date: Annotated[str, typer.Argument(metavar="DATE", help="The day it took place: 2026-11-21.")],
    *,
    reason: Reason = None,
    merge: Merge = False,
    dry_run: DryRun = False,
    no_push: NoPush = False,
) -> None:
    """Note that a person was trained."""
    from gitops_models.workflows import people as work

    def change(session: "Session", how: "Publishing") -> "PeopleChange":
        return work.train(session, who, topic, date, how)

    _run(context, reason, change, merge=merge, dry_run=dry_run, no_push=no_push)


def _run(
    context: typer.Context,
    reason: str | None,
    change: "Callable[[Session, Publishing], PeopleChange]",
    *,
    merge: bool,
    dry_run: bool,
    no_push: bool,
) -> None:
    """Open the proposal and show who wins and loses what; nothing is opened for what is like that already."""
    from gitops_models.cli.peopleviews import difference_body, difference_lines
    from gitops_models.workflows.people import Publishing

    options = of(context)
    exclude(merge=merge, no_push=no_push)
    why = need_reason(options, reason)
    session = open_here(options)
    made = change(session, Publishing(why, dry_run=dry_run, no_push=no_push))
    extra = {"changed": made.opened is not None, "difference": difference_body(made.difference)}
    if made.opened is None:
        emit(options, "PeopleChange", extra, ["nothing to do: it is like that already"])
        next_step(options, "gm trust people")
        return
    lines = list(difference_lines(made.difference))
    if made.rootless:
        say(
            options,
            "warning: no keyless signature counts until policies/sigstore-trusted-root.json is pinned (GM-T708)",
        )
    finish(options, session, made.opened, merge=merge, no_push=no_push, kind="PeopleChange", extra=extra, lines=lines)


def _show(options: Options) -> None:
    from gitops_models.cli.peopleviews import people_body, people_lines

    session = open_here(options)
    emit(options, "PeopleView", people_body(session.history.people), people_lines(session.history))
    if session.history.blocked:
        say(options, "the people of the last accepted policy: see `gm status` for what is blocked")
    next_step(options, "gm trust people add ID --email ADDRESS --role ROLE --key FILE -m WHY")
