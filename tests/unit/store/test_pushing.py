import pytest

from gitops_models.errors import Exit, GmError
from gitops_models.store.gitcli import Completed
from gitops_models.store.pushing import parse_porcelain, read_push
from gitops_models.store.refs import RefUpdate
from gitops_models.store.refusals import transport_error

NEW = "a" * 40
OLD = "b" * 40
MAIN = RefUpdate("refs/heads/main", NEW, OLD)
TAG = RefUpdate("refs/tags/fraud@v1.0.0", NEW, None)


def failure(stdout, stderr="", updates=(MAIN, TAG)):
    with pytest.raises(GmError) as caught:
        read_push("origin", updates, Completed(1, stdout.encode(), stderr))
    return caught.value


def refused(update, summary):
    return f"To /srv/m.git\n!\t{NEW}:{update.name}\t{summary}\nDone\n"


def test_porcelain_lines_are_read_and_the_rest_is_left_out():
    text = f"To x\n \t{NEW}:refs/heads/main\tb..a\n*\t{NEW}:refs/tags/t\t[new tag]\n"
    text += "!\tx:refs/y\t[rejected] (stale info)\nDone\n"
    assert [(ref.name, ref.flag, ref.reason) for ref in parse_porcelain(text)] == [
        ("refs/heads/main", " ", ""),
        ("refs/tags/t", "*", ""),
        ("refs/y", "!", "stale info"),
    ]


def test_a_push_that_went_through_keeps_the_words_of_the_hook():
    done = Completed(0, f" \t{NEW}:refs/heads/main\tb..a\nDone\n".encode(), "remote: accepted\x1b[31m  \nremote:\n")
    assert read_push("origin", [MAIN], done).lines == ("accepted\\x1b[31m",)


@pytest.mark.parametrize(
    ("update", "summary", "code", "status"),
    [
        (MAIN, "[rejected] (stale info)", "GM-S204", Exit.CONFLICT),
        (MAIN, "[rejected] (fetch first)", "GM-S204", Exit.CONFLICT),
        (TAG, "[rejected] (stale info)", "GM-S205", Exit.CONFLICT),
        (TAG, "[rejected] (already exists)", "GM-S205", Exit.CONFLICT),
        (MAIN, "[remote rejected] (failed to update ref)", "GM-S209", Exit.CONFLICT),
        (MAIN, "[remote rejected] (atomic transaction failed)", "GM-S209", Exit.CONFLICT),
        (MAIN, "[remote rejected] (pre-receive hook declined)", "GM-S203", Exit.DENIED),
        (MAIN, "[remote rejected] (unpacker error)", "GM-S210", Exit.EXTERNAL),
        (MAIN, "[remote failure] (remote failed to report status)", "GM-S210", Exit.EXTERNAL),
        (MAIN, "[remote rejected] (protected branch hook declined)", "GM-S203", Exit.DENIED),
        (MAIN, "[remote rejected] (branch is currently checked out)", "GM-S203", Exit.DENIED),
    ],
)
def test_a_refused_ref_has_a_code_for_its_reason(update, summary, code, status):
    error = failure(refused(update, summary))
    assert (error.code, error.exit_status) == (code, status)


def test_a_push_that_our_hook_calls_overtaken_is_worth_another_attempt():
    stdout = refused(MAIN, "[remote rejected] (pre-receive hook declined)")
    error = failure(stdout, "remote: error[GM-F310]: refs/heads/main moved while this push was under way\n")
    assert (error.code, error.exit_status) == ("GM-S209", Exit.CONFLICT)
    assert failure(stdout, "remote: error[GM-F308]: says error[GM-F310]\n").code == "GM-S203"


def test_objects_that_the_remote_cannot_bear_are_a_refusal():
    stdout = refused(MAIN, "[remote rejected] (unpacker error)")
    assert failure(stdout, "remote: fatal: fsck error in packed object\n").code == "GM-S203"


def test_refs_that_fell_with_another_one_do_not_hide_the_reason():
    stdout = f"!\tx:{TAG.name}\t[rejected] (atomic push failed)\n!\tx:{MAIN.name}\t[rejected] (stale info)\n"
    assert failure(stdout).code == "GM-S204"


def test_a_refusal_carries_the_lines_of_the_remote_escaped():
    error = failure(
        refused(MAIN, "[remote rejected] (hook declined)"), "remote: error[GM-P401]: lacks\x1b 1 approval\n"
    )
    assert error.details == ("error[GM-P401]: lacks\\x1b 1 approval",)


@pytest.mark.parametrize(
    ("stderr", "code", "status"),
    [
        ("fatal: unable to access 'https://x/': Could not resolve host: x", "GM-S201", Exit.EXTERNAL),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 403", "GM-S202", Exit.AUTHENTICATION),
        ("git@x: Permission denied (publickey).\nfatal: Could not read from remote", "GM-S202", Exit.AUTHENTICATION),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", "GM-S202", Exit.AUTHENTICATION),
        ("fatal: the receiving end does not support --atomic push", "GM-S206", Exit.EXTERNAL),
        ("fatal: couldn't find remote ref refs/heads/x", "GM-S207", Exit.NOT_FOUND),
        (
            "error: object " + NEW + ": missingEmail: invalid\nfatal: fsck error in packed object",
            "GM-S208",
            Exit.INTEGRITY,
        ),
        ("fatal: write error: No space left on device\nfatal: index-pack failed", "GM-C003", Exit.EXTERNAL),
        ("fatal: sha1 file 'x' write error. Out of diskspace\nfatal: index-pack failed", "GM-C003", Exit.EXTERNAL),
        ("error: cannot update ref 'refs/x': couldn't write 'y.lock'", "GM-C003", Exit.EXTERNAL),
        ("fatal: fsync error on 'x': Permission denied\nfatal: index-pack failed", "GM-C003", Exit.EXTERNAL),
        ("fatal: unable to create temporary file: Permission denied", "GM-C003", Exit.EXTERNAL),
        ("fatal: index-pack failed", "GM-S208", Exit.INTEGRITY),
        ("remote: fatal: No space left on device\nfatal: index-pack failed", "GM-S208", Exit.INTEGRITY),
        (
            f"fatal: write error: No space left on device\nerror: object {NEW}: missingEmail: invalid",
            "GM-S208",
            Exit.INTEGRITY,
        ),
        ("fatal: transport 'ext' not allowed", "GM-S017", Exit.USAGE),
        ("fatal: something new", "GM-S210", Exit.EXTERNAL),
        ("", "GM-S210", Exit.EXTERNAL),
    ],
)
def test_a_transfer_that_failed_as_a_whole_has_a_code(stderr, code, status):
    error = transport_error("origin", stderr)
    assert (error.code, error.exit_status) == (code, status)


def test_a_push_that_never_reached_the_remote_is_a_transport_error():
    assert failure("", "fatal: '/nowhere' does not appear to be a git repository").code == "GM-S201"
