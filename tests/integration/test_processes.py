"""One program of the operator's, run to its end."""

import pytest

from gitops_models.delivery.processes import MOST_OUTPUT, run_program


def shell(text, seconds=20.0):
    return run_program(["sh", "-c", text], seconds=seconds)


def test_what_it_says_and_how_it_ends_is_told():
    ended = shell("echo yes; echo no >&2; exit 3")
    assert (ended.status, ended.output, ended.errors, ended.words) == (3, b"yes\n", b"no\n", "no")
    assert shell("printf 'a\\033[2Jb'").words == "a\\x1b[2Jb"


def test_it_has_nothing_to_read_and_starts_in_the_root():
    assert (shell("cat").output, shell("pwd").output) == (b"", b"/\n")


def test_what_it_says_too_much_is_thrown_away():
    ended = shell("head -c 300000 /dev/zero")
    assert (ended.status, len(ended.output)) == (0, MOST_OUTPUT)


def test_one_that_takes_too_long_is_ended_with_its_children(tmp_path):
    ended = shell(f"(sleep 60; touch {tmp_path}/late) & echo begun; wait", seconds=0.3)
    assert (ended.status, ended.output) == (None, b"begun\n")


def test_one_that_closes_its_output_and_goes_on_is_waited_for():
    assert shell("exec >&- 2>&-; sleep 0.2; exit 4").status == 4
    assert shell("exec >&- 2>&-; sleep 60", seconds=0.3).status is None


def test_a_child_that_is_left_behind_does_not_keep_us():
    ended = shell("sleep 60 & echo done")
    assert (ended.status, ended.output) == (0, b"done\n")


def test_one_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        run_program([str(tmp_path / "none")], seconds=1)
