"""The parsers that read what strangers write, each with an oracle: what must hold of whatever it accepts."""

from contextlib import suppress
from pathlib import PurePosixPath

from gitops_models.artifacts import pointers, safe_names
from gitops_models.errors import GmError
from gitops_models.policy import pointers as judged_pointers
from gitops_models.registry import names, text, yamls
from gitops_models.store import names as store_names
from gitops_models.store import objects
from gitops_models.trust import armor, certificates, dsse, hardware, payload, sshsig, wire
from gitops_models.trust.problem import SignatureProblem
from tests.fuzz import checks, github, inference, models, seeds, signals, wake
from tests.fuzz.engine import Target

FINGERPRINTS = {
    sshsig.verify_sshsig(seeds.MESSAGE, key.sign(seeds.MESSAGE, "git").encode(), "git").fingerprint
    for key in seeds.KEYS
}


def read_yaml(data):
    """Whatever is read can be written, and then reads the same."""
    value = yamls.load(data, "x.yaml")
    try:
        written = yamls.dump(value)
    except GmError:
        return
    assert yamls.load(written, "x.yaml") == value


def read_commit(data):
    """Plain reading never fails; what is taken apart strictly holds the signed bytes and nothing else."""
    for parse in (objects.parse_commit, objects.parse_tag):
        found = parse("0" * 40, data)
        assert found.raw is data
        assert isinstance(found.message, str)
    for take in (payload.commit_payload, payload.tag_payload):
        try:
            signed = take(data)
        except SignatureProblem:
            continue
        assert len(signed.payload) <= len(data)
        assert (signed.signature is None) == (signed.scheme is None)


def read_signature(data):
    """A signature that fits is by one of the keys that signed, and its armor has one form.

    What is no armor is put into one: behind base64 hardly any change would reach the reader of the blob.
    """
    if b"-----" not in data:
        data = armor.armor(data).encode()
    found = sshsig.verify_sshsig(seeds.MESSAGE, data, "git")
    assert found.fingerprint in FINGERPRINTS
    blob = armor.dearmor(data)
    assert armor.dearmor(armor.armor(blob).encode()) == blob


def read_envelope(data):
    """One content has one spelling."""
    assert dsse.Envelope.decode(data).encode() == data


def read_pointer(data):
    """A pointer that is accepted names a plain file beside it."""
    with suppress(GmError):
        judged_pointers.load_pointer(data, "model.onnx.dvc")
    found = pointers.parse_pointer(data, "x")
    assert PurePosixPath(found.name).name == found.name
    assert found.name not in {"", ".", ".."}
    assert pointers.parse_pointer(pointers.render_pointer(found), "x") == found


def read_names(data):
    """No accepted name looks like an option, leaves its directory or carries what a terminal would act on."""
    said = data.decode("utf-8", "surrogateescape")
    shown = text.visible(said)
    assert not text.UNSAFE.search(shown)
    text.visible(said, multiline=True)
    text.names_a_user(said)
    if names.is_name(said):
        assert said.isascii()
        assert not said.startswith(("-", "."))
        assert names.parse_reference(said).model == said
    if names.is_version(said):
        for bump in ("major", "minor", "patch"):
            later = names.next_version(["sha256-0123456789ab", said], bump)
            assert names.version_key(later) > names.version_key(said)
        assert names.next_version([], "minor") == "1.0.0"
        assert names.parse_tag(names.tag_name("fraud", said)) == ("fraud", said)
    if safe_names.relpath_problem(said.encode("utf-8", "replace").decode()) is None:
        assert not PurePosixPath("/a", said).is_relative_to("/b")
        assert ".." not in PurePosixPath(said).parts
    problems = 0
    if not _refuses(names.parse_reference, said):
        found = names.parse_reference(said)
        assert names.parse_reference(str(found)) == found
    for check in (names.check_name, names.check_version, names.parse_reference, safe_names.check_file_name):
        problems += _refuses(check, shown)
    for check in (store_names.check_oid, store_names.check_ref, store_names.check_revision, store_names.check_remote):
        problems += _refuses(check, said)
    assert problems >= 2, "nothing is an object id, a ref, a version and a name at once"


def _refuses(check, said):
    try:
        check(said)
    except GmError:
        return True
    assert not said.startswith("-") or check is safe_names.check_file_name  # a path is never an argument
    return False


def targets():
    """Every parser, with its share of the executions."""
    problems = (GmError, SignatureProblem)
    signature = (sshsig, armor, wire, certificates, hardware)
    naming = (names, store_names, safe_names, text)
    return [
        Target("YAML", read_yaml, (yamls,), seeds.YAML_SEEDS, seeds.YAML_WORDS, (GmError,), 2),
        Target("commits and tags", read_commit, (payload, objects), seeds.objects(), seeds.OBJECT_WORDS, (), 3),
        Target("SSHSIG", read_signature, signature, seeds.armors(), seeds.SIGNATURE_WORDS, problems, 4),
        Target("DSSE", read_envelope, (dsse,), seeds.envelopes(), seeds.ENVELOPE_WORDS, (GmError,), 4),
        Target(".dvc pointers", read_pointer, (pointers,), seeds.POINTER_SEEDS, seeds.YAML_WORDS, (GmError,), 2),
        Target(
            "names",
            read_names,
            naming,
            [seed.encode("utf-8", "surrogateescape") for seed in seeds.NAME_SEEDS],
            seeds.NAME_WORDS,
            (),
            5,
        ),
        github.target(),
        inference.target(),
        checks.target(),
        signals.target(),
        wake.target(),
        *models.targets(),
    ]
