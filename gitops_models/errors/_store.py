"""Codes GM-Snnn: S0 the repository and its objects, S1 refs and locks, S2 remotes, S3 work tree."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-S001": Code("not a Git repository", Exit.NOT_FOUND, "run it inside a clone, or name one with `-C PATH`"),
    "GM-S002": Code("the repository cannot be opened", Exit.EXTERNAL, "see what `git status` says in that directory"),
    "GM-S003": Code("shallow clone", Exit.INTEGRITY, "complete the clone with `git fetch --unshallow`"),
    "GM-S004": Code(
        "partial clone",
        Exit.INTEGRITY,
        "clone again without --filter: history is judged only where every object is present",
    ),
    "GM-S005": Code(
        "SHA-256 repository",
        Exit.INTEGRITY,
        "use a repository with SHA-1 object names: libgit2 cannot open others; content is pinned by sha256",
    ),
    "GM-S006": Code(
        "replacement refs or grafts are present",
        Exit.INTEGRITY,
        "remove them with `git replace -d` and delete info/grafts: they hide the signed history",
    ),
    "GM-S007": Code(
        "unsupported repository format", Exit.INTEGRITY, "convert it with `git refs migrate --ref-format=files`"
    ),
    "GM-S008": Code("git is missing or too old", Exit.EXTERNAL, "install git 2.34 or newer"),
    "GM-S009": Code("a git command failed", Exit.EXTERNAL, "the lines above are what git said"),
    "GM-S010": Code(
        "a git command took too long", Exit.EXTERNAL, "try again; if it stays, see what holds the repository"
    ),
    "GM-S011": Code(
        "no such revision, ref or object", Exit.NOT_FOUND, "fetch first, or see `git log` and `git for-each-ref`"
    ),
    "GM-S012": Code("not a usable revision", Exit.USAGE, "name a commit id, a tag or a branch"),
    "GM-S013": Code("a Git object is missing or damaged", Exit.INTEGRITY, "run `git fsck`, and fetch or clone again"),
    "GM-S014": Code("a Git object of another type was expected", Exit.INTEGRITY, "name a commit"),
    "GM-S015": Code("not a usable ref name", Exit.USAGE, "use a full name such as refs/heads/main"),
    "GM-S016": Code(
        "this path cannot be written into a tree", Exit.USAGE, "use relative paths with / and no .git in them"
    ),
    "GM-S017": Code(
        "remote address refused",
        Exit.USAGE,
        "use a configured remote, an https:// or ssh:// address, or a path",
    ),
    "GM-S018": Code("no such remote", Exit.NOT_FOUND, "see `git remote -v`, or add one with `git remote add`"),
    "GM-S019": Code("text that cannot stand in a Git object", Exit.USAGE, "remove NUL, angle brackets and line breaks"),
    "GM-S101": Code(
        "the ref has moved meanwhile", Exit.CONFLICT, "run the command again: it starts from the new state"
    ),
    "GM-S102": Code(
        "a ref or the index is locked",
        Exit.CONFLICT,
        "another git command is at work here; run the command again when it is done",
    ),
    "GM-S103": Code("a ref stands in the way of this name", Exit.CONFLICT, "rename or delete the ref that is named"),
    "GM-S201": Code(
        "the remote cannot be reached", Exit.EXTERNAL, "check the network and `git remote -v`, then run it again"
    ),
    "GM-S202": Code(
        "the remote refused the credentials",
        Exit.AUTHENTICATION,
        "check your key or token with `git ls-remote`; ssh and credential helpers work as configured in Git",
    ),
    "GM-S203": Code("the remote refused the push", Exit.DENIED, "the lines of the remote say why"),
    "GM-S204": Code("somebody else pushed first", Exit.CONFLICT, "run the command again: it starts from the new state"),
    "GM-S205": Code("the tag is taken", Exit.CONFLICT, "a version is released once: choose the next version"),
    "GM-S206": Code(
        "the remote does not support atomic pushes",
        Exit.EXTERNAL,
        "use a server that does (git 2.4 or newer over ssh, https or a path)",
    ),
    "GM-S207": Code("the remote does not have this ref", Exit.NOT_FOUND, "see what it has with `git ls-remote`"),
    "GM-S208": Code(
        "the remote's objects fail Git's own checks",
        Exit.INTEGRITY,
        "do not use this remote before `git fsck` on it is clean",
    ),
    "GM-S209": Code("the remote is busy with the same ref", Exit.CONFLICT, "run the command again in a moment"),
    "GM-S210": Code("the transfer failed", Exit.EXTERNAL, "the lines below are what git said; run it again"),
    "GM-S211": Code("not a plain bundle file", Exit.INTEGRITY, "put a regular file of at most 512 MiB there"),
    "GM-S212": Code(
        "not a Git bundle", Exit.INTEGRITY, "make it again with `gm rollback --bundle` or `git bundle create`"
    ),
    "GM-S213": Code(
        "the bundle needs commits that are not here",
        Exit.INTEGRITY,
        "put the bundle before it there too, or make one that holds everything: `gm rollback --bundle`",
    ),
    "GM-S214": Code("no directory of bundles", Exit.EXTERNAL, "check the path, its mount and its permissions"),
    "GM-S215": Code("the bundle holds nothing of this repository", Exit.INTEGRITY, "it must hold the protected branch"),
    "GM-S216": Code("the bundle cannot be written", Exit.EXTERNAL, "check space and permissions of the directory"),
    "GM-S220": Code(
        "repository among another repository's files",
        Exit.INTEGRITY,
        "its settings came with those files and could run programs: move it out, or name another one with `-C PATH`",
    ),
    "GM-S221": Code(
        "directories nested without end", Exit.INTEGRITY, "remove the directory that is named from the commit"
    ),
    "GM-S222": Code("a Git object is too large", Exit.INTEGRITY, "bytes belong into an artifact, not into Git"),
    "GM-S301": Code(
        "local edits stand in the way",
        Exit.CONFLICT,
        "commit or stash them, then run `git merge --ff-only` or the command again",
    ),
    "GM-S302": Code("the repository cannot be made", Exit.EXTERNAL, "check the directory and its permissions"),
}
"""Every code of the store."""
