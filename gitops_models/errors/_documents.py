"""Codes GM-Dnnn: names, documents, snapshots and trailers."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-D001": Code("document too large", Exit.USAGE, "keep a document under 256 KiB; bytes belong into an artifact"),
    "GM-D002": Code("not plain UTF-8", Exit.USAGE, "save the file as UTF-8 without byte order mark or NUL"),
    "GM-D003": Code("YAML syntax error", Exit.USAGE, "correct the line that is named"),
    "GM-D004": Code(
        "YAML feature not allowed", Exit.USAGE, "write the value out: plain mappings, lists and scalars only"
    ),
    "GM-D005": Code("key given twice", Exit.USAGE, "keep one of the two lines"),
    "GM-D006": Code("nested too deeply", Exit.USAGE, "flatten the document to at most 32 levels"),
    "GM-D007": Code(
        "not a mapping with text keys", Exit.USAGE, "write `key: value` lines; quote keys that look like numbers"
    ),
    "GM-D008": Code("number without an exact JSON form", Exit.USAGE, "quote it if it is text"),
    "GM-D009": Code(
        "value cannot be written as YAML", Exit.USAGE, "use text, numbers, booleans, lists and mappings only"
    ),
    "GM-D010": Code(
        "bad name", Exit.USAGE, "lower-case letters and digits joined by single . _ or -, at most 64 characters"
    ),
    "GM-D011": Code("bad version", Exit.USAGE, "use SemVer such as 1.2.0 or 1.2.0-rc.1, or sha256-<12 hex>"),
    "GM-D012": Code("bad reference", Exit.USAGE, "write MODEL, MODEL@VERSION, MODEL@latest or MODEL#STAGE"),
    "GM-D013": Code("bad time", Exit.USAGE, 'write UTC times as "2026-11-21T10:00:00Z"'),
    "GM-D020": Code("unknown kind or apiVersion", Exit.USAGE, "see `gm schema` for the kinds this version knows"),
    "GM-D021": Code("document does not fit its schema", Exit.USAGE, "see `gm schema` for the fields of this kind"),
    "GM-D022": Code("wrong kind for this path", Exit.USAGE, "move the file, or correct its `kind`"),
    "GM-D023": Code("identity differs from the path", Exit.USAGE, "the names in the file must equal those in its path"),
    "GM-D030": Code("no such document", Exit.NOT_FOUND, "`gm list` shows what exists"),
    "GM-D031": Code("path is not governed", Exit.USAGE, "see gm.yaml for the models root and the governed paths"),
    "GM-D040": Code("text not allowed in a commit message", Exit.USAGE, "remove control and bidirectional characters"),
    "GM-D041": Code("bad trailer key", Exit.USAGE, "letters, digits and dashes only"),
    "GM-D110": Code("nobody of that name", Exit.NOT_FOUND, "see `gm trust people`"),
    "GM-D111": Code("the id is something else", Exit.CONFLICT, "see `gm trust people`; choose another id"),
    "GM-D112": Code("a person without an address", Exit.USAGE, "give one with --email ADDRESS"),
    "GM-D113": Code("it belongs to somebody else", Exit.CONFLICT, "one key, account or address has one owner"),
    "GM-D114": Code("they do not have that", Exit.NOT_FOUND, "see `gm trust people`"),
    "GM-D115": Code("not a role or login", Exit.USAGE, "write ROLE, ROLE=MODEL*,... or FORGE:NAME:ID"),
    "GM-D116": Code("declared compromised already", Exit.CONFLICT, "propose the corrected file where that was wrong"),
    "GM-D117": Code("the key was in strange hands", Exit.DENIED, "make a new key: `ssh-keygen -t ed25519`"),
}
