"""Codes GM-T7nn: 70x Sigstore bundles and who signed them."""

from gitops_models.errors.codes import Code, Exit

_SIGN_AGAIN = "have it signed again; nothing that was edited after signing is repaired"

CODES = {
    "GM-T700": Code("not a Sigstore bundle", Exit.INTEGRITY, "give the *.sigstore.json file that the signer wrote"),
    "GM-T701": Code("bundle in another spelling", Exit.INTEGRITY, "give the bundle as the signer wrote it"),
    "GM-T702": Code("bundle does not verify", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T703": Code("signed by another identity", Exit.INTEGRITY, "compare the identity with the signer's certificate"),
    "GM-T704": Code("identity from another issuer", Exit.INTEGRITY, "name the issuer whose tokens the signer uses"),
    "GM-T705": Code("signature over another file", Exit.INTEGRITY, "give the very file that was signed"),
    "GM-T706": Code("signed statement of the wrong shape", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T707": Code("statement of another type", Exit.INTEGRITY, "name the predicate type that the signer states"),
    "GM-T708": Code("no usable trusted root", Exit.INTEGRITY, "give the trusted_root.json of the Sigstore instance"),
    "GM-T709": Code("two trusted roots named", Exit.USAGE, "give --trusted-root or --staging, not both"),
}
