"""Codes GM-T7nn: 70x and 71x Sigstore bundles and who signed them, 72x and 73x OpenSSF model signatures."""

from gitops_models.errors.codes import Code, Exit

_SIGN_AGAIN = "have it signed again; nothing that was edited after signing is repaired"
_MODEL_AGAIN = "have the model signed again with gm or model_signing"

CODES = {
    "GM-T700": Code("not a Sigstore bundle", Exit.INTEGRITY, "give the *.sigstore.json file that the signer wrote"),
    "GM-T701": Code("bundle in another spelling", Exit.INTEGRITY, "give the bundle as the signer wrote it"),
    "GM-T702": Code("bundle does not verify", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T703": Code("signed by another identity", Exit.INTEGRITY, "compare the identity with the signer's certificate"),
    "GM-T704": Code("identity from another issuer", Exit.INTEGRITY, "name the issuer whose tokens the signer uses"),
    "GM-T705": Code("signature over another file", Exit.INTEGRITY, "give the very file that was signed"),
    "GM-T706": Code("signed statement of the wrong shape", Exit.INTEGRITY, _SIGN_AGAIN),
    "GM-T707": Code("statement of another type", Exit.INTEGRITY, "name the predicate type that the signer states"),
    "GM-T708": Code(
        "no usable trusted root",
        Exit.INTEGRITY,
        "pin the instance's trusted_root.json in policies/sigstore-trusted-root.json, or name it (--trusted-root)",
    ),
    "GM-T709": Code("two trusted roots named", Exit.USAGE, "give --trusted-root or --staging, not both"),
    "GM-T710": Code("signed by another workload", Exit.INTEGRITY, "compare with the workload in policies/people.yaml"),
    "GM-T711": Code(
        "no identity to sign with", Exit.AUTHENTICATION, "run where a token is at hand (permissions: id-token: write)"
    ),
    "GM-T712": Code("Sigstore did not sign", Exit.EXTERNAL, "try again; https://status.sigstore.dev says what is down"),
    "GM-T713": Code("provenance of another version", Exit.INTEGRITY, "attest the version itself: `gm attest REF`"),
    "GM-T714": Code("no commit to compare with", Exit.INTEGRITY, "register the version where its code is committed"),
    "GM-T715": Code("too many signatures at once", Exit.INTEGRITY, "attach those that count: 16 with one change"),
    "GM-T716": Code(
        "another Sigstore instance than the pinned one",
        Exit.INTEGRITY,
        "use the servers that policies/sigstore-trusted-root.json names (uri, baseUrl), or have that root replaced",
    ),
    "GM-T720": Code("not a model signature", Exit.INTEGRITY, "give the model.sig that the signer wrote"),
    "GM-T721": Code("model signed by another key", Exit.INTEGRITY, "give the public key of the signer"),
    "GM-T722": Code("model statement of the wrong shape", Exit.INTEGRITY, _MODEL_AGAIN),
    "GM-T723": Code("signed names unsorted or repeated", Exit.INTEGRITY, _MODEL_AGAIN),
    "GM-T724": Code("signed path that leads out of the model", Exit.INTEGRITY, _MODEL_AGAIN),
    "GM-T725": Code("file that is not signed", Exit.INTEGRITY, "remove it, or name it with --ignore"),
    "GM-T726": Code("signed file missing", Exit.INTEGRITY, "fetch the model again"),
    "GM-T727": Code("file differs from what was signed", Exit.INTEGRITY, "fetch the model again"),
    "GM-T728": Code("link or special file in a model", Exit.INTEGRITY, "put the file itself in its place"),
    "GM-T729": Code("unknown way of hashing a model", Exit.INTEGRITY, "sign with sha256, by files or by shards"),
    "GM-T730": Code("no usable key", Exit.USAGE, "give an EC (P-256, P-384, P-521) or ed25519 key as PEM"),
    "GM-T731": Code("say who must have signed", Exit.USAGE, "give --key, or --identity with --issuer"),
    "GM-T732": Code("path to ignore is not one in the model", Exit.USAGE, "give a relative path inside the directory"),
}
