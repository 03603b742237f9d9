"""What the fuzzer begins with: for each parser inputs that reach its branches, and words of its language."""

import json
from dataclasses import replace

from gitops_models.artifacts import pointers
from gitops_models.registry import yamls
from gitops_models.registry.canonical import jcs
from gitops_models.trust import armor, dsse
from gitops_models.trust.wire import string
from tests.support import policy as documents
from tests.support.keys import ecdsa_key, ed25519_key, hardware_key, rsa_key
from tests.support.signed import commit_bytes, put_signature, sign_commit, signed_commit, signed_tag, tag_bytes
from tests.support.sshcert import certified

ANN = ed25519_key("ann")
MESSAGE = commit_bytes("ann")
KEYS = (ANN, ecdsa_key("ann"), ecdsa_key("ann", "nistp384"), rsa_key(), hardware_key("ann"))
KEYS += (hardware_key("ann", "ecdsa"), certified("bob"))
OID = b"1" * 40


def armors():
    made = [key.sign(MESSAGE, "git").encode() for key in KEYS]
    blob = armor.dearmor(made[0])
    odd = [blob[:6] + b"\0\0\0\2" + blob[10:], blob[:-4], blob + b"x", b"SSHSIG", b"", b"SSHS" + blob]
    odd += [blob.replace(b"git\0\0\0\0", b"git" + field) for field in (b"\0\0\0\1x", b"\0\0\0\0")]
    odd += [blob.replace(b"sha512", b"sha9xx"), blob.replace(b"\0\0\0\3git", b"\0\0\0\3got")]
    others = {"kind": 2}, {"critical": string(b"force-command")}, {"reserved": b"x"}, {"principals": ()}, {"before": 1}
    made += [certified("bob", **fields).sign(MESSAGE, "git").encode() for fields in others]
    made += [replace(certified("bob"), authority=key).sign(MESSAGE, "git").encode() for key in KEYS[1:4]]
    made.append(replace(certified("bob"), signer=hardware_key("ann")).sign(MESSAGE, "git").encode())
    blobs = [armor.dearmor(each) for each in made]
    odd += [each.replace(b"\0\0\0\3\1\0\1", b"\0\0\0\4\0\1\0\1") for each in blobs[3:4]]
    return [*made, made[0].replace(b"\n", b"\r\n"), *blobs, *odd, b"-----" * 4000]


def objects():
    raw = MESSAGE
    merge = raw.replace(b"parent", b"parent " + OID + b"\nparent", 1)
    texts = [raw, merge, tag_bytes(), signed_tag(), signed_commit("ann"), *(sign_commit(raw, key) for key in KEYS)]
    gpg = put_signature(raw, "-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----")
    cms = put_signature(raw, "-----BEGIN SIGNED MESSAGE-----\nx\n-----END SIGNED MESSAGE-----")
    headers = ("encoding x\n", "gpgsig-sha256 x\n", "HG:extra x\n", "tree x\n", "mergetag x\n y\n")
    texts += [gpg, cms, put_signature(gpg, "x"), *(commit_bytes("ann", extra=extra) for extra in headers)]
    tag = tag_bytes()
    texts += [tag.replace(b"type commit", b"type tree"), tag + b"-----BEGIN PGP SIGNATURE-----\nx\n" * 2]
    return [*texts, raw.replace(b"author ", b"author x"), raw.replace(b"tree ", b"tree x"), raw + b"\0", b"tree x"]


def envelopes():

    fields = {"payload": "e30=", "payloadType": dsse.PAYLOAD_TYPE, "signatures": [{"keyid": "a", "sig": "eA=="}]}
    wrong = [{**fields, "payloadType": "x"}, {**fields, "signatures": []}, {**fields, "signatures": [{}]}]
    wrong += [{**fields, "payload": 1}, {**fields, "payload": "e31="}, {**fields, "payload": "e3"}, {"a": 1}, [fields]]
    wrong += [{**fields, "payload": "ee="}, {**fields, "signatures": fields["signatures"] * 2}]
    loose = [json.dumps(fields, indent=1).encode(), b'{"a":1e400}', b"[" * 2000, b'{"a":"\\ud800"}']
    return [*map(jcs, (fields, *wrong)), *loose, b" " * (dsse.MAX_BYTES + 1)]


YAML_SEEDS = [
    documents.model_yaml("fraud"),
    documents.policy_yaml("minimal"),
    documents.people_yaml(),
    *documents.version_files("1.0.0").values(),
    b"a: [1, -2, 0x1f, 0o17, 1.5, 1e3, .inf, .nan, true, null, ~, NO, 2026-11-21, 1_000]\n",
    b"a: &x [*x]\n<<: {b: c}\n? [k]\n: v\n",
    b"%YAML 1.2\n---\na: !!python/object x\n--- \n...\n",
    b'a: "\\u0000 \\x1b \\ud800"\nb: |\n  x\n  y\nc: >-\n  z\n"d": \'e\'\n',
    b"a: {b: {c: [[[[{}]]]]}}\n1: x\ntrue: y\na: 2\n",
    b"a: " + b"[" * 40 + b"]" * 40,
    b"a: " + b"9" * 30 + b"\n",
    b"- a\n- b\n",
    b"",
    b"\xef\xbb\xbfa: 1\n",
    b"a: \xff\n",
    b"k" * 300 + b": 1\n",
    b"a: '\x07'\n",
    b"? *a\n",
    b"a: 'x' b\n",
    b"a: " + b"x" * (yamls.MAX_BYTES + 1),
]
YAML_WORDS = [
    b"&a ",
    b"*a",
    b"!!str ",
    b"!x",
    b"<<: ",
    b"---\n",
    b"...\n",
    b"%YAML 1.1\n",
    b"? ",
    b": ",
    b"- ",
    b"|\n ",
]
YAML_WORDS += [
    b"[",
    b"]",
    b"{",
    b"}",
    b"'",
    b'"',
    b"\t",
    b"\x85",
    b"\xe2\x80\xa8",
    b"\x1b",
    b"\0",
    b"\xef\xbb\xbf",
    b"#",
]
YAML_WORDS += [b"0x", b"1e999", b".inf", b"yes", b"null", b"\\ud83d", b"\\u202e", b"\xed\xa0\x80", b"\n\n", b" " * 40]
POINTER = b"outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  hash: md5\n  path: model.onnx\n"
POINTER_SEEDS = [
    POINTER,
    POINTER.replace(b"427e\n", b"427e.dir\n  nfiles: 2\n"),
    POINTER + b"  isexec: true\n",
    b"cmd: x\n" + POINTER,
    POINTER.replace(b"model.onnx", b"../x"),
    POINTER.replace(b"hash: md5", b"hash: etag"),
    POINTER.replace(b"size: 0", b"size: -1"),
    POINTER.replace(b"size: 0", b"size: true"),
    POINTER.replace(b"md5: d", b"md5: x"),
    POINTER.replace(b"  path: model.onnx\n", b""),
    b"outs: []\n",
    b"outs: 1\n",
    b"a",
    b"outs:\n- x\n",
    b"#" * (pointers.MAX_POINTER_BYTES + 1),
]
NAME_SEEDS = [
    "fraud",
    "fraud-detection.v2",
    "1.2.0",
    "1.0.0-rc.1",
    "sha256-0123456789ab",
    "fraud@1.2.0",
    "fraud@latest",
]
NAME_SEEDS += [
    "fraud@v1.2.0",
    "fraud#production",
    "refs/heads/main",
    "HEAD",
    "main~2",
    "origin",
    "https://h/r",
    "a.lock",
]
NAME_SEEDS += [
    "git@h:r",
    "ssh://git@h/r",
    "file:///r",
    "ext::sh -c x",
    "ssh://-oProxyCommand=x/r",
    "--upload-pack=x",
    "",
]
NAME_SEEDS += [
    "../../etc/passwd",
    "a/b",
    ".git",
    "a\\b",
    "\u202eevil",
    "ﬁ",
    "0" * 40,
    "x" * 70,
    "https://u:p@h",
    "-h:r",
]
NAME_SEEDS += [
    "refs/heads/a..b",
    "ssh:///r",
    "http://h",
    "a/" * 2050 + "a",
    "é" * 200,
    "\udcff",
    "0.0.1",
    "2.0.0-0.a-b",
]
NAME_WORDS = [
    b"..",
    b"/",
    b"\\",
    b"@",
    b"@{",
    b"#",
    b"::",
    b"://",
    b"-",
    b"--",
    b".lock",
    b"\x1b[2J",
    b"\xe2\x80\xae",
    b"~",
]
NAME_WORDS += [
    b"refs/",
    b"v",
    b"latest",
    b"\0",
    b"\n",
    b"^",
    b":",
    b"ssh://",
    b"\xc2\xa0",
    b"1.",
    b"-rc.",
    b"+",
    b"@v",
    b" ",
]
OBJECT_WORDS = [
    b"\n\n",
    b"\n ",
    b"gpgsig ",
    b"parent " + OID + b"\n",
    b"tree ",
    b"author a <a> 1 +0000\n",
    b"encoding x\n",
]
OBJECT_WORDS += [
    b"-----BEGIN SSH SIGNATURE-----\n",
    b"-----END SSH SIGNATURE-----\n",
    b"tagger ",
    b"object ",
    b"type commit\n",
]
OBJECT_WORDS += [b"<", b">", b" 99999999999 +0000", b"\0", b"\r", b"-----BEGIN PGP SIGNATURE-----\n", b"committer "]
SIGNATURE_WORDS = [
    b"\0\0\0\3git",
    b"\0\0\0\0",
    b"\0\0\0\6sha512",
    b"\0\0\0\x0bssh-ed25519",
    b"\xff\xff\xff\xff",
    b"U1NIU0lH",
    b"AAAA",
    b"=",
    b"==",
    b"\n",
    b"\r\n",
    b" ",
    b"AAAAB3NzaC1yc2E",
    b"/////w",
    b"-----END SSH ",
]
ENVELOPE_WORDS = [
    b'"payload":',
    b'"signatures":[',
    b'{"keyid":"","sig":""}',
    b"null",
    b"1e999",
    b'"\\ud800"',
    b"[",
    b"{",
    b",",
]
