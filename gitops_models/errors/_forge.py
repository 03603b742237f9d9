"""Codes GM-Fnnn: F1 finding proposals, F2 landing them, F3 what the server's door refuses."""

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
}
