"""Codes GM-Rnnn: reconciling, targets, readers."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-R101": Code(
        "another reconciler is at work",
        Exit.CONFLICT,
        "wait for it to finish, or stop it; one target and one state directory have one writer",
    ),
    "GM-R102": Code("reconciler file not found", Exit.NOT_FOUND, "name the file of kind Reconciler with its path"),
    "GM-R103": Code(
        "reconciler file is not valid",
        Exit.USAGE,
        "correct the field; `gm schema Reconciler` lists what it may hold",
    ),
    "GM-R104": Code(
        "unknown target", Exit.NOT_FOUND, "use an id of the reconciler file, or --dir PATH for a directory"
    ),
    "GM-R105": Code(
        "target belongs to another repository",
        Exit.CONFLICT,
        "give each repository a directory of its own, or remove .gm.repository after moving the target",
    ),
    "GM-R120": Code(
        "address cannot be listened at",
        Exit.EXTERNAL,
        "name an address of this machine and a free port in `listen` of the reconciler's file",
    ),
    "GM-R121": Code(
        "secret of the wake-up call cannot be used",
        Exit.USAGE,
        "put at least 24 bytes into the file that `listen.wake_secret` names: `openssl rand -hex 32`",
    ),
    "GM-R201": Code(
        "stage state does not fit the lineage",
        Exit.INTEGRITY,
        "promote the version again, so that the stage state pins the lineage that was reviewed",
    ),
    "GM-R202": Code(
        "bytes are not those of the version",
        Exit.INTEGRITY,
        "the last good model stays; restore the object in the artifact remote, then `gm reconcile --retry`",
    ),
    "GM-R301": Code(
        "target directory is not safe to write",
        Exit.INTEGRITY,
        "a model or stage directory of a target must be a real directory; remove what stands there",
    ),
    "GM-R302": Code(
        "target cannot be read or written", Exit.EXTERNAL, "check space, permissions and mounts of the target directory"
    ),
    "GM-R303": Code(
        "switch failed",
        Exit.INTEGRITY,
        "what was served before is served again; look for another process that writes into the target",
    ),
    "GM-R401": Code("nothing is live here", Exit.NOT_FOUND, "promote a version to this stage and run `gm reconcile`"),
    "GM-R402": Code(
        "the live link leads out of the store", Exit.INTEGRITY, "run `gm reconcile` to heal it before reading"
    ),
    "GM-R410": Code(
        "no checkpoint to begin from",
        Exit.NOT_FOUND,
        "name a pin in the reconciler's file, or have the workload sign one: `gm trust checkpoint`",
    ),
    "GM-R420": Code("the policy knows no emergency role", Exit.DENIED, "add `emergency: {role: [...]}` to the policy"),
    "GM-R421": Code(
        "override by somebody without the emergency role", Exit.DENIED, "let a person sign it whom the policy names"
    ),
    "GM-R422": Code("override to another version than the last known good", Exit.DENIED, "make it with `gm rollback`"),
    "GM-R423": Code("override to a quarantined version", Exit.DENIED, "what is barred is served nowhere"),
    "GM-R424": Code("override expired", Exit.DENIED, "land the rollback in Git, or sign a new override"),
    "GM-R425": Code("override from the future", Exit.DENIED, "set the clock of the machine that signs, or of this one"),
    "GM-R426": Code("override for another repository", Exit.DENIED, "make it in a clone of this repository"),
    "GM-R427": Code("override for another target", Exit.DENIED, "sign one for this target, or for all"),
    "GM-R428": Code("nothing to override there", Exit.DENIED, "name a model and stage that serves; see `gm status`"),
    "GM-R429": Code("Git has moved on since the override", Exit.DENIED, "remove the file; Git decides again"),
    "GM-R430": Code("override by somebody suspended", Exit.DENIED, "let another person sign it"),
    "GM-R431": Code(
        "override lasts too long", Exit.DENIED, "the policy says how long: `emergency.ratify_within_hours`"
    ),
    "GM-R432": Code(
        "override cannot be read", Exit.INTEGRITY, "it is a file made by `gm rollback MODEL --override FILE`"
    ),
    "GM-R433": Code(
        "override needs a second person",
        Exit.DENIED,
        "at critical risk somebody with a role that authorizes rollbacks signs another one for the same",
    ),
    "GM-R440": Code(
        "every source is behind what was accepted here",
        Exit.INTEGRITY,
        "land what the bundle held in the forge (`gm merge --from FILE`), or put the bundle back",
    ),
    "GM-R501": Code("no shard", Exit.USAGE, "start one reconciler for each i of i/N, such as --shard 1/3"),
    "GM-R502": Code(
        "rollback cannot be proposed", Exit.EXTERNAL, "it is tried again; see what the message names, or `gm rollback`"
    ),
    "GM-R520": Code(
        "check before the switch failed",
        Exit.DENIED,
        "what was served stays; correct the model and register it again, or correct the check in the reconciler's file",
    ),
    "GM-R521": Code(
        "check of what is served failed",
        Exit.DENIED,
        "read the values of the check in `gm status --json`; a rollback is proposed, see `gm proposals`",
    ),
    "GM-R522": Code(
        "check before the switch could not be run",
        Exit.EXTERNAL,
        "what was served stays; make the program or address of the check answer, it is tried again",
    ),
    "GM-R530": Code("nothing to rehearse", Exit.NOT_FOUND, "promote a version first, or name another model or stage"),
    "GM-R531": Code(
        "rehearsed rollback did not bring the version back",
        Exit.DRIFT,
        "see the drill's checks with `gm drill MODEL --dry-run --json`; a real rollback would fail in the same way",
    ),
    "GM-R700": Code(
        "notification receiver cannot be reached",
        Exit.EXTERNAL,
        "the notice stays in the outbox and is sent by the next run; check address, network and certificate",
    ),
    "GM-R701": Code(
        "notification receiver refuses",
        Exit.EXTERNAL,
        "the notice stays in the outbox; check address, secret and clock, and what the receiver logs",
    ),
    "GM-R702": Code(
        "notification command failed",
        Exit.EXTERNAL,
        "the notice stays in the outbox; run the command by hand with an event on standard input",
    ),
    "GM-R703": Code(
        "no secret to sign notices with", Exit.EXTERNAL, "put at least 24 bytes into the file or variable that is named"
    ),
    "GM-R704": Code(
        "notice in the outbox damaged",
        Exit.INTEGRITY,
        "see the file in `aside`; what it said also stands in notices.jsonl",
    ),
    "GM-R705": Code("outbox cannot be used", Exit.EXTERNAL, "check space and permissions of the state directory"),
    "GM-R706": Code(
        "outbox is full", Exit.EXTERNAL, "make the receiver work again; the least severe notice was dropped"
    ),
    "GM-R707": Code(
        "another run sends notices", Exit.CONFLICT, "nothing to do: it sends what waits, or the next run does"
    ),
    "GM-R708": Code(
        "notice for a place that is no longer named",
        Exit.NOT_FOUND,
        "it was set aside; name the place again and move the file back to have it sent",
    ),
    "GM-R709": Code(
        "nobody is told", Exit.NOT_FOUND, "name a place for the route security: docs/how-to/get-notified.md"
    ),
    "GM-R710": Code(
        "notifications file is not valid",
        Exit.USAGE,
        "correct the field; `gm schema Notifications` lists what it may hold",
    ),
    "GM-R711": Code(
        "address or password of a place unusable",
        Exit.EXTERNAL,
        "put it, and nothing else, into the file or variable that is named; a channel's address begins with https://",
    ),
    "GM-R712": Code(
        "apprise is not installed", Exit.EXTERNAL, "pip install 'gitops-models[apprise]', or name another way"
    ),
    "GM-R713": Code(
        "mail server does not encrypt",
        Exit.EXTERNAL,
        "the notice stays in the outbox; name a server and port with STARTTLS, or `security: tls`",
    ),
    "GM-R714": Code(
        "mail server refuses some recipients",
        Exit.EXTERNAL,
        "the others got the notice; correct the list of recipients",
    ),
    "GM-R106": Code(
        "note of deployed directories unreadable", Exit.EXTERNAL, "run `gm reconcile --dir PATH --once` again"
    ),
}
