"""What an exception that nobody raised on purpose means."""

import errno

import pytest

from gitops_models.errors import Exit, GmError
from gitops_models.errors.unforeseen import unforeseen


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.EMFILE])
def test_a_disk_or_limit_that_refuses_is_of_this_machine(number):
    found = unforeseen(OSError(number, "it will not", "/srv/models/x"), what="the journal")
    assert (found.code, found.exit_status, found.where) == ("GM-C003", Exit.EXTERNAL, "/srv/models/x")
    assert found.message == "the journal: it will not"


def test_an_operating_system_error_of_libgit2_has_no_number():
    found = unforeseen(OSError("failed to fsync 'objects/x': Read-only file system"))
    assert (found.code, found.where) == ("GM-C003", None)
    assert found.message == "failed to fsync 'objects/x': Read-only file system"


@pytest.mark.parametrize(
    "error", [FileNotFoundError(errno.ENOENT, "gone", "x"), ConnectionResetError(), TimeoutError(), KeyError("x")]
)
def test_anything_else_is_a_bug(error):
    found = unforeseen(error, what="it")
    assert (found.code, found.exit_status) == ("GM-C001", Exit.BUG)
    assert found.message.startswith(f"it: {type(error).__name__}: ")


def test_an_error_of_ours_stays_what_it_is():
    error = GmError("GM-R301", "locked")
    assert unforeseen(error, what="it") is error
