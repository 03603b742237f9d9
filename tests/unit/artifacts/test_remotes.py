"""``.dvc/config`` as data."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops_models.artifacts.dvc_config import parse_config
from gitops_models.artifacts.remotes import remote_from_config, remote_from_url
from gitops_models.errors import GmError

ROOT = Path("/srv/repo")


def config(url, *lines, name="store"):
    body = "".join(f"    {line}\n" for line in (f"url = {url}", *lines))
    return f"[core]\n    remote = {name}\n['remote \"{name}\"']\n{body}".encode()


def refused(code, *args, **kwargs):
    with pytest.raises(GmError) as caught:
        remote_from_config(*args, **kwargs)
    assert caught.value.code == code
    return caught.value


def test_a_relative_address_is_relative_to_the_dvc_directory():
    spec = remote_from_config(config("../../remote"), ROOT)
    assert (spec.url, spec.directory, spec.name) == ("/srv/remote", Path("/srv/remote"), "store")


@pytest.mark.parametrize("url", ["/data/remote", "file:///data/remote"])
def test_an_absolute_directory_stays(url):
    assert remote_from_config(config(url), ROOT).directory == Path("/data/remote")


def test_a_cloud_address_keeps_its_connection_options():
    spec = remote_from_config(config("s3://bucket/path", "region = eu", "jobs = 4", "verify = true"), ROOT)
    assert (spec.url, dict(spec.options), spec.directory) == ("s3://bucket/path", {"region": "eu"}, None)


@pytest.mark.parametrize(
    "option",
    [
        "bearer_token_command = evil",
        "configpath = aws.ini",
        "credentialpath = x",
        "keyfile = /root/.ssh/id",
        "password = secret",
        "ask_password = true",
        "proxy_to = x",
        "surprise = 1",
    ],
)
def test_a_committed_option_beyond_the_allow_list_is_refused(option):
    error = refused("GM-A303", config("s3://bucket/path", option), ROOT)
    assert option.split()[0] in error.message
    assert "secret" not in str(error)


def test_the_local_file_shadows_and_may_say_more():
    local = b"['remote \"store\"']\n    configpath = aws.ini\n    url = s3://mine\n"
    spec = remote_from_config(config("s3://bucket"), ROOT, local)
    assert (spec.url, dict(spec.options)) == ("s3://mine", {"configpath": "aws.ini"})
    spec = remote_from_config(config("s3://bucket"), ROOT, b"[core]\nremote = b\n['remote \"b\"']\nurl = /b\n")
    assert spec.url == "/b"


@pytest.mark.parametrize("layout", ["worktree = true", "version_aware = True"])
def test_a_layout_without_hashes_is_refused(layout):
    refused("GM-A304", config("s3://bucket", layout), ROOT)


def test_remotes_that_refer_to_others_are_resolved_and_loops_refused():
    base = b"['remote \"server\"']\nurl = ssh://host/base\nuser = alice\nport = 22\n"
    spec = remote_from_config(base + config("remote://server/images", "user = bob"), ROOT)
    assert (spec.url, dict(spec.options)) == ("ssh://host/base/images", {"user": "bob", "port": "22"})
    refused("GM-A304", config("remote://store/x"), ROOT)


@pytest.mark.parametrize(
    "data", [b"", b"[core]\nanalytics = false\n", b"[core]\nremote = gone\n", b"[core]\nremote = a\n['remote \"a\"']\n"]
)
def test_no_remote_is_said_so(data):
    refused("GM-A302", data, ROOT)


def test_a_remote_can_be_named():
    data = config("/a", name="a") + b"['remote \"B\"']\nurl = /b\n"
    assert remote_from_config(data, ROOT, name="b").url == "/b"
    refused("GM-A302", data, ROOT, name="c")


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        b"url = x\n",
        b"[core\n",
        b"[core]\nremote\n",
        b"[core]\n[core]\n",
        b"[core]\nremote = a\nremote = b\n",
        b"[core]\nremote = %(HOME)s\n",
        b'[core]\nremote = """x"""\n',
        b'[core]\nremote = "x\n',
        b"[core]\nremote = a\x1b[31m\n",
        b"#" * 300_000,
    ],
)
def test_a_malformed_configuration_is_refused(data):
    refused("GM-A301", data, ROOT)


def test_comments_quotes_and_blank_lines_are_read_as_dvc_writes_them():
    data = (
        b"# top\n; old\n\n[core] # here\n  Remote = 'store'  \n"
        b'[\'remote "store"\']\n  url = /r #1\n  region = "a # b"\n'
    )
    sections = parse_config(data, "config")
    assert sections == {"core": {"remote": "store"}, 'remote "store"': {"url": "/r", "region": "a # b"}}


@given(st.binary(max_size=200) | st.text("[]='\"#\n ab%(", max_size=60).map(str.encode))
def test_any_bytes_are_a_configuration_or_a_coded_refusal(data):
    code = None
    try:
        parse_config(data, "config")
    except GmError as error:
        code = error.code
    assert code in {None, "GM-A301"}


def test_an_address_alone_is_a_remote(tmp_path):
    assert remote_from_url("r", tmp_path).directory == tmp_path / "r"
    assert remote_from_url("s3://b", tmp_path).directory is None


def test_a_local_remote_is_read_without_importing_dvc_or_pydantic():
    script = (
        "import sys; from pathlib import Path; from gitops_models.artifacts import content, digests, fetch, readers,"
        " remotes, upload\n"
        "spec = remotes.remote_from_url('/nowhere', Path('/'))\n"
        "readers.open_remote(spec).where('0' * 32)\n"
        "print([name for name in ('dvc', 'dvc_data', 'pydantic', 'pygit2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
