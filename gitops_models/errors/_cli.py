"""Codes GM-Cnnn: C0 the command line itself, C1 the set-up of a repository and its user, C2 registering."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-C001": Code("a bug in gm", Exit.BUG, "run it again with -v and report what it prints"),
    "GM-C002": Code("not a usable command line", Exit.USAGE, "see `gm --help`"),
    "GM-C003": Code(
        "this machine refuses a file operation",
        Exit.EXTERNAL,
        "make room, or check permissions, mount and disk; nothing is half done, run the command again",
    ),
    "GM-C110": Code("gm is not set up here", Exit.NOT_FOUND, "run `gm init` here, or name the repository with -C"),
    "GM-C111": Code(
        "gm is set up here already", Exit.CONFLICT, "see `gm status`; changes to policy and people are proposals"
    ),
    "GM-C113": Code(
        "a quorum cannot be met",
        Exit.DENIED,
        "name enough distinct people in policies/people.yaml, or change the policy, before pinning",
    ),
    "GM-C114": Code("a pin after steps that were not accepted", Exit.CONFLICT, "pin the first governed commit"),
    "GM-C120": Code(
        "no name or e-mail address",
        Exit.USAGE,
        "run `git config user.name NAME` and `git config user.email ADDRESS`",
    ),
    "GM-C121": Code(
        "the signing key belongs to nobody here",
        Exit.AUTHENTICATION,
        "sign with a key of people.yaml (`git config user.signingkey`), or have yours added there by a proposal",
    ),
    "GM-C122": Code(
        "the risk of a new model is needed",
        Exit.USAGE,
        "say how much is at stake: --risk low, medium, high or critical",
    ),
    "GM-C130": Code("a reason is needed", Exit.USAGE, "say why with -m REASON"),
    "GM-C140": Code("there is no such model", Exit.NOT_FOUND, "see `gm list`; `gm register MODEL PATH` makes one"),
    "GM-C141": Code("there is no such version", Exit.NOT_FOUND, "see `gm list MODEL`"),
    "GM-C142": Code("there is no such stage", Exit.NOT_FOUND, "the policy lists the stages: policies/policy.yaml"),
    "GM-C143": Code("nothing is live there", Exit.NOT_FOUND, "see `gm status`; promote a version first"),
    "GM-C144": Code(
        "the version exists", Exit.CONFLICT, "a version is released once: leave out --version, or choose the next"
    ),
    "GM-C145": Code("no hold", Exit.NOT_FOUND, "see `gm status`"),
    "GM-C146": Code("no such cause", Exit.NOT_FOUND, "see `gm show MODEL`"),
    "GM-C147": Code("the version is quarantined", Exit.DENIED, "use another version; `gm show` says why it is barred"),
    "GM-C148": Code(
        "another hook is there", Exit.CONFLICT, "call `gm hook pre-receive` from that hook, on its standard input"
    ),
    "GM-C149": Code("pinned already", Exit.CONFLICT, "to begin anew on purpose: `gm trust repin <commit> -m WHY`"),
    "GM-C160": Code("nothing to restore", Exit.CONFLICT, "see `gm status`"),
    "GM-C161": Code("a rollback, not a promotion", Exit.CONFLICT, "use `gm rollback --to VERSION`"),
    "GM-C180": Code("not one public key", Exit.USAGE, "give one key: the line of a .pub file, or its path"),
    "GM-C181": Code("a key that would never count", Exit.USAGE, "make a new key: `ssh-keygen -t ed25519`"),
    "GM-C182": Code("nothing to take away", Exit.USAGE, "name what goes: --role, --key, --login, --email or --person"),
    "GM-C183": Code("no role of the policy", Exit.USAGE, "policies/policy.yaml lists the roles under `roles`"),
    "GM-C184": Code("a training that lies ahead", Exit.USAGE, "give the day on which it took place"),
    "GM-C185": Code("not a commit of this line", Exit.USAGE, "name the last commit before the key was lost; `gm log`"),
    "GM-C186": Code("an identity without its issuer", Exit.USAGE, "name both: --sigstore IDENTITY --issuer URL"),
    "GM-C187": Code("no reviews of a forge here", Exit.USAGE, "decisions are signed: `gm approve`; see gm.yaml, forge"),
    "GM-C188": Code(
        "a run on another commit than the line's", Exit.CONFLICT, "run it on a push to the protected branch"
    ),
    "GM-C190": Code("nothing to attach", Exit.USAGE, "see `gm attest --help`"),
    "GM-C191": Code("signature of that name exists", Exit.CONFLICT, "what is attached stays: register a new version"),
    "GM-C192": Code("file that no model signature covers", Exit.USAGE, "register it under another name"),
    "GM-C193": Code("say what to sign with", Exit.USAGE, "add --sign keyless in a CI job, or --key FILE"),
    "GM-C175": Code(
        "the remote's line went another way than the bundle's",
        Exit.CONFLICT,
        "roll back again there; a reconciler that followed the bundle needs a new pin",
    ),
    "GM-C176": Code(
        "the bundle holds a step that is not accepted", Exit.DENIED, "see `gm verify`; take a bundle made by gm"
    ),
    "GM-C177": Code("the file cannot be written", Exit.EXTERNAL, "check the directory and its permissions"),
    "GM-C201": Code("no such file to register", Exit.NOT_FOUND, "check the path"),
    "GM-C202": Code(
        "the training tree is dirty",
        Exit.CONFLICT,
        "commit the changes, or use --allow-dirty, which stores the difference as an artifact",
    ),
    "GM-C203": Code("there is no commit to take the code from", Exit.NOT_FOUND, "commit the training code first"),
    "GM-C204": Code("two artifacts have the same name", Exit.USAGE, "rename one of the files"),
    "GM-C205": Code(
        "local edits of governed files", Exit.CONFLICT, "commit, stash or drop them: gm writes these files itself"
    ),
    "GM-C207": Code("no work tree", Exit.USAGE, "run it in a clone with a work tree"),
    "GM-C208": Code("not a usable --data", Exit.USAGE, "write --data NAME=URI[@SNAPSHOT]"),
    "GM-C206": Code(
        "the local line has diverged",
        Exit.CONFLICT,
        "push your own commits, or keep them on a branch and reset the line to the remote's",
    ),
    "GM-C150": Code("these bytes are unknown", Exit.NOT_FOUND, "no accepted version has them: `gm register` makes one"),
    "GM-C151": Code("not a step of the line", Exit.NOT_FOUND, "see `gm log --all` for the steps since the pin"),
    "GM-C152": Code("no such kind of document", Exit.NOT_FOUND, "see `gm schema`"),
    "GM-C153": Code("not two versions of one model", Exit.USAGE, "name both of one model: gm diff MODEL@A MODEL@B"),
    "GM-C154": Code("neither a time nor a commit", Exit.USAGE, "write 2026-11-21, 2026-11-21T10:00:00Z or a commit id"),
    "GM-C171": Code(
        "a setting of Git that loses the ledger", Exit.CONFLICT, "`gm doctor` names it and the command that ends it"
    ),
    "GM-C170": Code(
        "the remote has to be asked first", Exit.EXTERNAL, "check the network and `git remote -v`, then run it again"
    ),
    "GM-C215": Code(
        "notifications set by the clone",
        Exit.USAGE,
        "take it out of the clone's configuration; set it with `git config --global gm.notifications FILE`",
    ),
    "GM-C216": Code(
        "notifications file inside the clone",
        Exit.USAGE,
        "keep it elsewhere: what lies in the clone may come from others",
    ),
    "GM-C245": Code(
        "a retired model does not come back", Exit.CONFLICT, "register what replaces it under another name"
    ),
    "GM-C246": Code("one version is not suspended", Exit.USAGE, "name the model, or bar the version: `gm quarantine`"),
    "GM-C235": Code("no such emergency", Exit.NOT_FOUND, "see `gm status` for those that wait, `gm log` for all"),
    "GM-C236": Code("several emergencies answer to this", Exit.USAGE, "give more digits of the change id"),
    "GM-C237": Code(
        "the emergency did not reach the remote",
        Exit.EXTERNAL,
        "it is kept here; see docs/how-to/when-the-forge-is-down.md",
    ),
    "GM-C247": Code("nothing was made from this input", Exit.NOT_FOUND, "see `gm show MODEL@VERSION` for its inputs"),
    "GM-C248": Code("no such commit of code", Exit.NOT_FOUND, "give its full id"),
    "GM-C249": Code(
        "what is live does not descend from it",
        Exit.CONFLICT,
        "leave it, or go back all the same with `gm rollback --to`",
    ),
    "GM-C250": Code("chosen in two ways", Exit.USAGE, "give --to, --before-data or --before-commit, one of them"),
    "GM-C251": Code("no bytes of its own", Exit.CONFLICT, "nothing: what other versions share is kept with them"),
    "GM-C252": Code("no record of a deletion", Exit.NOT_FOUND, "have one agreed to: `gm retire REF --delete-bytes`"),
    "GM-C253": Code("bytes were deleted", Exit.NOT_FOUND, "its lineage is there: `gm show REF`; fetch another version"),
    "GM-C300": Code("the demo lacks something", Exit.NOT_FOUND, "run `pip install 'gitops-models[demo]'`"),
    "GM-C301": Code("the directory is not empty", Exit.CONFLICT, "name one that does not exist yet"),
    "GM-C302": Code("a command of the demo did not do what it says", Exit.BUG, "look at it in --keep DIR"),
}
