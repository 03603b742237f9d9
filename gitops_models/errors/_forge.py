"""Codes GM-Fnnn: F1 finding proposals, F2 landing them, F3 what the server's door refuses, F4 GitHub."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-F101": Code("no such proposal", Exit.NOT_FOUND, "see `gm proposals`"),
    "GM-F102": Code("several proposals answer to this", Exit.USAGE, "name one by its id"),
    "GM-F103": Code("not the change that was shown", Exit.CONFLICT, "look at it again with `gm show`, then decide"),
    "GM-F104": Code(
        "the branch says something else than its content",
        Exit.DENIED,
        "open the proposal again with gm, or name its branch for what it does",
    ),
    "GM-F105": Code("no change id", Exit.USAGE, "give 8 digits or more of the id that `gm show` prints"),
    "GM-F106": Code(
        "what was shown cannot be read", Exit.INTEGRITY, "remove the file, then look at the proposal again"
    ),
    "GM-F201": Code("conflict with the line", Exit.CONFLICT, "open the proposal again from the new state"),
    "GM-F202": Code("the line kept moving", Exit.CONFLICT, "run the command again in a moment"),
    "GM-F203": Code("landed already", Exit.CONFLICT, "nothing: the change is in force, see `gm log`"),
    "GM-F204": Code("the proposal changed meanwhile", Exit.CONFLICT, "see `gm proposals`, then look at it again"),
    "GM-F301": Code("the server is not pinned", Exit.DENIED, "on the server: `gm -C <repository> trust pin`"),
    "GM-F302": Code("the protected branch only moves forward", Exit.DENIED, "open a proposal instead"),
    "GM-F303": Code("acceptance at another time", Exit.DENIED, "set the clock, then merge again"),
    "GM-F304": Code("the ledger only grows", Exit.DENIED, "fetch, then append to what is there"),
    "GM-F305": Code("a version tag is for ever", Exit.DENIED, "register a new version instead"),
    "GM-F306": Code("not a good version tag", Exit.DENIED, "make version tags with `gm merge` or `gm tag`"),
    "GM-F308": Code(
        "acceptance of another state of the line",
        Exit.DENIED,
        "fetch and accept again; lost records are put back on the server itself",
    ),
    "GM-F309": Code("this ref is not taken", Exit.DENIED, "push branches, version tags and ledger records only"),
    "GM-F310": Code("another push was quicker", Exit.CONFLICT, "push again from the new state"),
    "GM-F311": Code("ref name outside plain ASCII", Exit.DENIED, "name it in printable ASCII characters"),
    "GM-F401": Code(
        "GitHub does not know who asks", Exit.AUTHENTICATION, "sign in again: `gh auth login`, or a new token"
    ),
    "GM-F402": Code("GitHub forbids it", Exit.AUTHENTICATION, "use an account or token with the right to do this"),
    "GM-F403": Code(
        "GitHub has no such thing", Exit.NOT_FOUND, "check the name; without the right to read it GitHub says the same"
    ),
    "GM-F404": Code("conflict on GitHub", Exit.CONFLICT, "fetch, look at the proposal again, then decide"),
    "GM-F405": Code("GitHub refuses it", Exit.DENIED, "do what GitHub asks for, then run the command again"),
    "GM-F406": Code(
        "too many requests", Exit.EXTERNAL, "wait until the time that is named, then run the command again"
    ),
    "GM-F407": Code(
        "GitHub cannot be reached", Exit.EXTERNAL, "look at the network and at githubstatus.com, then try again"
    ),
    "GM-F408": Code(
        "not an answer that GitHub documents",
        Exit.EXTERNAL,
        "run the command again; if it stays, check GITHUB_API_URL and what stands between",
    ),
    "GM-F409": Code(
        "sent elsewhere", Exit.INTEGRITY, "set the remote to the repository's present address if that is right"
    ),
    "GM-F410": Code(
        "no token for GitHub",
        Exit.AUTHENTICATION,
        "run `gh auth login`, or set GH_TOKEN (GH_ENTERPRISE_TOKEN elsewhere)",
    ),
    "GM-F411": Code(
        "no repository on GitHub", Exit.USAGE, "set the remote to a GitHub repository, and GITHUB_API_URL to its server"
    ),
    "GM-F412": Code("no event that gm reads", Exit.USAGE, "run it on the events of the workflows that gm installs"),
    "GM-F413": Code(
        "the App's key cannot be used", Exit.AUTHENTICATION, "set GM_GITHUB_APP_KEY to the App's private key (PEM, RSA)"
    ),
    "GM-F414": Code("no address of a GitHub API", Exit.USAGE, "set GITHUB_API_URL to https://<host>/api/v3"),
}
