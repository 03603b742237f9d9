"""Codes GM-Tnnn: 0xx form and standing of a signature, 1xx records, 2xx signing, 3xx keys, 4xx ledger, 5xx memory."""

from gitops_models.errors.codes import Code, Exit

_SIGN_AGAIN = "sign the object again with git or gm and an ordinary key"
_REMAKE = "make the commit again with git or gm; nothing else writes such an object"
_RECORD = "make the record again with gm; do not edit or re-encode it"

CODES = {
    "GM-T001": Code("not signed", Exit.INTEGRITY, "sign it: `git commit -S`, or let gm make the commit"),
    "GM-T002": Code(
        "signed by an unknown key", Exit.INTEGRITY, "add the key to policies/people.yaml by a policy change"
    ),
    "GM-T003": Code("the signature does not fit", Exit.INTEGRITY, "the object was changed after it was signed"),
    "GM-T004": Code("key outside its validity", Exit.INTEGRITY, "sign again with a key that is valid now"),
    "GM-T005": Code(
        "signed by a revoked key", Exit.INTEGRITY, "the key is declared compromised: sign with another key"
    ),
    "GM-T006": Code("signed for another purpose", Exit.INTEGRITY, "a signature counts only in its own namespace"),
    "GM-T007": Code("key not allowed in this namespace", Exit.INTEGRITY, "use a key that people.yaml allows for this"),
    "GM-T010": Code("no SSH signature in the armor", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T011": Code("text around the armor", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T012": Code("white space inside the signature", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T013": Code("carriage return in the signature", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T014": Code("signature is not strict base64", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T015": Code("signature fields cut short or left over", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T016": Code("unknown SSHSIG version", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T017": Code("reserved field in use", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T018": Code("unknown signature hash", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T020": Code("unknown key type", Exit.INTEGRITY, "use an ed25519, ecdsa or RSA key"),
    "GM-T021": Code("hardware key that was not touched", Exit.INTEGRITY, "sign again and touch the key when it blinks"),
    "GM-T022": Code("RSA key of a refused size", Exit.INTEGRITY, "use an ed25519 key, or RSA of 2048 to 16384 bits"),
    "GM-T023": Code("algorithm and key disagree", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T024": Code("not a valid public key", Exit.INTEGRITY, "copy the key again from the .pub file"),
    "GM-T025": Code("certificate of an unknown authority", Exit.INTEGRITY, "sign with a plain key that is listed"),
    "GM-T026": Code("key that anybody can sign for", Exit.INTEGRITY, "make a new key: `ssh-keygen -t ed25519`"),
    "GM-T027": Code("certificate not by its authority", Exit.INTEGRITY, "get a new certificate from the authority"),
    "GM-T028": Code("certificate outside its validity", Exit.INTEGRITY, "get a new certificate and sign again"),
    "GM-T029": Code("certificate for another use", Exit.INTEGRITY, "use a user certificate that names the signer"),
    "GM-T030": Code("header that poses as a signature", Exit.INTEGRITY, _REMAKE),
    "GM-T031": Code("more than one signature", Exit.INTEGRITY, _REMAKE),
    "GM-T032": Code("NUL in a commit or tag", Exit.INTEGRITY, _REMAKE),
    "GM-T033": Code("duplicate header", Exit.INTEGRITY, _REMAKE),
    "GM-T034": Code("unknown header", Exit.INTEGRITY, _REMAKE),
    "GM-T035": Code("header missing, misplaced or malformed", Exit.INTEGRITY, _REMAKE),
    "GM-T036": Code("nothing to check this signature with", Exit.INTEGRITY, "name the keys or the identity to accept"),
    "GM-T037": Code("tag renamed", Exit.INTEGRITY, "the tag object names another tag: make it again with `gm tag`"),
    "GM-T038": Code("lightweight tag", Exit.INTEGRITY, "version tags are annotated and signed: use `gm tag`"),
    "GM-T039": Code("tag of something else than a commit", Exit.INTEGRITY, "tag the registering commit with `gm tag`"),
    "GM-T040": Code("not one plain OpenPGP signature", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T041": Code("GPG key of another address", Exit.INTEGRITY, "sign with a key that names the committer's address"),
    "GM-T042": Code("gpg cannot tell", Exit.INTEGRITY, "sign again with a key that your gpg and ours both know"),
    "GM-T043": Code("GPG key that is not for signing", Exit.INTEGRITY, "sign with the primary key or a signing subkey"),
    "GM-T050": Code("not one plain CMS signature", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T051": Code("CMS signature over another digest", Exit.INTEGRITY, "the object was changed after it was signed"),
    "GM-T052": Code("keyless signature without its log entry", Exit.INTEGRITY, "git config gitsign.rekorMode offline"),
    "GM-T053": Code("log entry cannot be read", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T100": Code("record too large", Exit.INTEGRITY, "a record holds at most 64 KiB: shorten the reason"),
    "GM-T101": Code("record is not a strict envelope", Exit.INTEGRITY, _RECORD),
    "GM-T102": Code("record has another payload type", Exit.INTEGRITY, _RECORD),
    "GM-T103": Code("record needs exactly one signature", Exit.INTEGRITY, _RECORD),
    "GM-T104": Code("record is not in canonical form", Exit.INTEGRITY, _RECORD),
    "GM-T105": Code("statement of the wrong shape", Exit.INTEGRITY, _RECORD),
    "GM-T106": Code("unknown kind of record", Exit.INTEGRITY, "a newer gm wrote it: upgrade to read it"),
    "GM-T107": Code("record signed by another key than it names", Exit.INTEGRITY, _RECORD),
    "GM-T108": Code(
        "receipt by somebody who may not", Exit.INTEGRITY, "declare the workload in people.yaml with may: [receipt]"
    ),
    "GM-T109": Code("receipt of another step", Exit.INTEGRITY, "make it again on the step or a later one of the line"),
    "GM-T120": Code("reviews that no receipt can hold", Exit.EXTERNAL, "have decisions signed instead: `gm approve`"),
    "GM-T200": Code("no signing key", Exit.AUTHENTICATION, "git config user.signingkey ~/.ssh/id_ed25519.pub"),
    "GM-T201": Code("no ssh-keygen", Exit.AUTHENTICATION, "install OpenSSH 8.2 or newer"),
    "GM-T202": Code("signing key cannot be read", Exit.AUTHENTICATION, "point user.signingkey at an existing key"),
    "GM-T203": Code("signing key is locked", Exit.AUTHENTICATION, "load it into the agent: `ssh-add <key>`"),
    "GM-T204": Code("signing failed", Exit.AUTHENTICATION, "try `ssh-keygen -Y sign -n git -f <key>` by hand"),
    "GM-T205": Code("signing format not supported", Exit.AUTHENTICATION, "git config gpg.format ssh (or openpgp)"),
    "GM-T206": Code("key file exists", Exit.CONFLICT, "choose another path, or use the key that is there"),
    "GM-T207": Code(
        "decisions and records need an SSH key",
        Exit.AUTHENTICATION,
        "git config gm.signingkey ~/.ssh/id_ed25519.pub, and list that key beside your GPG key in policies/people.yaml",
    ),
    "GM-T208": Code("GPG made no signature", Exit.AUTHENTICATION, "try `gpg --armor --detach-sign -u <key>` by hand"),
    "GM-T209": Code(
        "no such GPG key", Exit.AUTHENTICATION, "git config user.signingkey <full fingerprint> (gpg --list-secret-keys)"
    ),
    "GM-T300": Code("bad line in allowed_signers", Exit.INTEGRITY, "correct the line (ssh-keygen(1), ALLOWED SIGNERS)"),
    "GM-T301": Code("no GPG keys in the file", Exit.USAGE, "write it with `gpg --export --armor <fingerprint>`"),
    "GM-T302": Code("gpg does not work", Exit.EXTERNAL, "install GnuPG 2.2 or newer, or sign with SSH"),
    "GM-T303": Code("keys cannot be read", Exit.USAGE, "check the path and its permissions"),
    "GM-T400": Code("LEDGER_REWRITTEN", Exit.INTEGRITY, "put it back from what was seen: `gm trust ledger restore`"),
    "GM-T401": Code("ledger kept moving", Exit.CONFLICT, "run the command again; the record waits in the outbox"),
    "GM-T402": Code("record refused", Exit.INTEGRITY, "it must be a record that gm made for this change"),
    "GM-T403": Code("no change of that id", Exit.USAGE, "a change id is 64 hexadecimal digits; see `gm proposals`"),
    "GM-T404": Code("ledger cannot be written", Exit.AUTHENTICATION, "set user.name, user.email and user.signingkey"),
    "GM-T500": Code("memory cannot be read", Exit.INTEGRITY, "compare the pin with a colleague, then `gm trust repin`"),
    "GM-T501": Code("memory of another repository", Exit.INTEGRITY, "this clone remembers another id or line"),
    "GM-T502": Code("no pin", Exit.NOT_FOUND, "pin a commit you trust: `gm trust pin <commit>`"),
}
