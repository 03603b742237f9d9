import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.errors import GmError
from gitops_models.store.names import check_oid, check_ref, check_remote, check_revision


@pytest.mark.parametrize("oid", ["", "abc", "A" * 40, "g" * 40, "a" * 41, "-" + "a" * 39, "a" * 40 + "\n"])
def test_only_full_lower_case_object_ids_are_accepted(oid):
    with pytest.raises(GmError) as caught:
        check_oid(oid)
    assert caught.value.code == "GM-S012"


@pytest.mark.parametrize("name", ["HEAD", "refs/heads/main", "refs/tags/fraud@v1.2.0", "refs/gm/changes/" + "a" * 64])
def test_full_ref_names_are_accepted(name):
    assert check_ref(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "main",
        "--exec=x",
        "-refs/heads/x",
        "refs/heads/a b",
        "refs/heads/a..b",
        "refs/heads/.a",
        "refs/heads/a.lock",
        "refs/heads/a.lock/b",
        "refs/heads/",
        "refs/heads/a.",
        "refs/heads/a\n",
        "refs/heads/a\x00",
        "refs//a",
        "refs/heads/@{1}",
        "refs/heads/a~1",
        "refs/heads/a^",
        "refs/heads/a:b",
        "refs/heads/*",
        "refs/heads/a\\b",
    ],
)
def test_what_git_would_not_take_as_a_ref_is_refused(name):
    with pytest.raises(GmError) as caught:
        check_ref(name)
    assert caught.value.code == "GM-S015"


@given(st.text(alphabet="ab./-@{}~^:?*[\\ \x7flock", max_size=12))
def test_every_ref_name_accepted_here_is_accepted_by_git(tail):
    name = f"refs/heads/{tail}"
    try:
        check_ref(name)
    except GmError:
        return
    assert subprocess.run(["git", "check-ref-format", name], check=False).returncode == 0


@pytest.mark.parametrize("text", ["", "-x", "--output=/tmp/x", "a\nb", "a\0b", "\x1b[31m"])
def test_a_revision_that_looks_like_an_option_or_hides_characters_is_refused(text):
    with pytest.raises(GmError) as caught:
        check_revision(text)
    assert caught.value.code == "GM-S012"


@pytest.mark.parametrize(
    "address",
    [
        "origin",
        "/srv/git/m.git",
        "../m.git",
        "https://git.example/m.git",
        "ssh://git@git.example:22/m",
        "file:///srv/m",
        "git@git.example:team/m.git",
        "git.example:m.git",
        "./a:b",
        "https://user@git.example/m",
    ],
)
def test_ordinary_remotes_are_accepted(address):
    assert check_remote(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "-u",
        "--upload-pack=touch /tmp/x",
        "ext::sh -c touch% /tmp/x",
        "fd::17",
        "http://git.example/m",
        "https:///m",
        "git://git.example/m",
        "ftp://git.example/m",
        "ssh://-oProxyCommand=x/m",
        "ssh://git@-oProxyCommand=x/m",
        "-oProxyCommand=x:m",
        "git@-oProxyCommand=x:m",
        "a\nb",
        "https://",
    ],
)
def test_remotes_that_run_commands_or_go_unprotected_are_refused(address):
    with pytest.raises(GmError) as caught:
        check_remote(address)
    assert caught.value.code == "GM-S017"
