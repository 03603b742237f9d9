"""Whose token is sent: of the environment, of an App, of ``gh``; and to which server it is not sent."""

import base64
import json
import os
import shutil

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from gitops_models.errors import GmError
from gitops_models.errors.codes import Exit
from gitops_models.forge.github.apps import read_key
from gitops_models.forge.github.auth import token
from gitops_models.registry.times import parse_time
from tests.support.answering import NOW, TOKEN, Reply

KEY = rsa.generate_private_key(65537, 2048)
ADA = {"id": 7, "login": "ada"}
INSTALLATION = "GET /repos/acme/registry/installation"
TOKENS = "POST /app/installations/99/access_tokens"


def refused(code, call, *arguments):
    with pytest.raises(GmError) as caught:
        call(*arguments)
    assert caught.value.code == code, caught.value.message
    assert caught.value.exit_status == Exit.AUTHENTICATION
    assert TOKEN not in caught.value.message
    return caught.value


def pem(key, *, password=None):
    wrapping = ser.BestAvailableEncryption(password) if password else ser.NoEncryption()
    return key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, wrapping)


@pytest.fixture(name="key_file")
def _key_file(tmp_path):
    path = tmp_path / "app.pem"
    path.write_bytes(KEY.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.TraditionalOpenSSL, ser.NoEncryption()))
    return path


@pytest.fixture(name="gh")
def _gh(tmp_path):
    """A `gh` that answers as it is told, and what it was asked with."""

    def make(script):
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "gh"
        program.write_text(f"#!{shutil.which('sh')}\n{script}\n")
        program.chmod(0o755)
        return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}

    return make


# The environment


@pytest.mark.parametrize(
    ("environ", "host", "sent"),
    [
        ({"GH_TOKEN": "one", "GITHUB_TOKEN": "two"}, "github.com", "one"),
        ({"GH_TOKEN": "", "GITHUB_TOKEN": "two"}, "github.com", "two"),
        ({"GH_TOKEN": "one"}, "acme.ghe.com", "one"),
        ({"GH_TOKEN": "one", "GITHUB_API_URL": "https://ghe.example/api/v3"}, "ghe.example", "one"),
        ({"GH_TOKEN": "one", "GH_ENTERPRISE_TOKEN": "three"}, "ghe.example", "three"),
        ({"GH_TOKEN": "one", "GITHUB_ENTERPRISE_TOKEN": "four"}, "ghe.example", "four"),
    ],
)
def test_the_token_that_was_made_for_the_server(environ, host, sent):
    assert token(environ, host)() == sent


@pytest.mark.attack("an empty GITHUB_API_URL opens another server to the token of github.com", "GM-F410", by="author")
@pytest.mark.parametrize("said", [{}, {"GITHUB_API_URL": ""}])
def test_an_address_that_says_nothing_sends_no_token_elsewhere(said):
    refused("GM-F410", token, {"GH_TOKEN": TOKEN, "PATH": "", **said}, "evil.example")


@pytest.mark.parametrize("host", ["eve.example", "github.com.eve.example", "notgithub.com", "ghe.com.eve.example"])
def test_a_token_for_github_goes_to_no_other_server(host):
    error = refused("GM-F410", token, {"GH_TOKEN": TOKEN, "GITHUB_TOKEN": TOKEN, "PATH": ""}, host)
    assert "`gh` is not installed" in error.message


@pytest.mark.parametrize("said", [f"{TOKEN}\n", f"{TOKEN}\r\nX-Eve: 1", f"{TOKEN} x", "sécret", "x" * 4097])
def test_what_is_no_token_is_sent_nowhere_and_not_shown(said):
    error = refused("GM-F410", token, {"GH_TOKEN": said}, "github.com")
    assert error.message == "what GH_TOKEN holds is no token"


# gh


def test_the_token_that_gh_keeps(gh, tmp_path):
    environ = gh('echo "$*" > "$HOME/asked"; env > "$HOME/env"; echo ghs_kept')
    found = token(environ | {"GH_DEBUG": "api", "LD_PRELOAD": "x.so", "GH_HOST": "eve.example"}, "ghe.example")
    assert found() == "ghs_kept"
    assert (tmp_path / "asked").read_text() == "auth token --hostname ghe.example\n"
    names = {line.partition("=")[0] for line in (tmp_path / "env").read_text().splitlines()}
    assert "HOME" in names
    assert names.isdisjoint({"GH_DEBUG", "LD_PRELOAD", "GH_HOST"})


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no oauth token found >&2; exit 1", "`gh` has none either"),
        ("echo", "what gh auth token holds is no token"),
        ("printf 'two words'", "what gh auth token holds is no token"),
        ("printf '\\377'", "what gh auth token holds is no token"),
    ],
)
def test_gh_that_has_no_token(gh, script, said):
    assert said in refused("GM-F410", token, gh(script), "github.com").message


def test_gh_that_cannot_be_run(gh, tmp_path):
    environ = gh("")
    (tmp_path / "bin" / "gh").write_text("#!/nonexistent/shell\n")
    assert "did not answer" in refused("GM-F410", token, environ, "github.com").message


def test_gh_that_does_not_answer(gh, monkeypatch):
    monkeypatch.setattr("gitops_models.forge.github.auth._SECONDS", 0.2)
    assert "did not answer" in refused("GM-F410", token, gh("exec sleep 60"), "github.com").message


# GitHub Apps


def app(server, key_file, **more):
    return server.client(GH_TOKEN="", GM_GITHUB_APP_ID="1234", GM_GITHUB_APP_KEY=str(key_file), **more)


def part(text):
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def tokens(server, *moments):
    """Answers of one installation: its token n is good until the n-th of ``moments``."""
    server.on("GET /user", ADA)
    server.on(INSTALLATION, {"id": 99})
    made = [Reply({"token": f"ghs_{n}", "expires_at": at}, 201) for n, at in enumerate(moments, 1)]
    server.on(TOKENS, *made)


def sent(server, path="GET /user"):
    return [one.headers["authorization"] for one in server.asked if f"{one.method} {one.path}" == path]


def test_an_app_signs_that_it_is_itself(server, key_file):
    tokens(server, "2027-01-15T09:00:00Z")
    assert app(server, key_file).me().id == 7
    assert server.lines == [INSTALLATION, TOKENS, "GET /user"]
    assert sent(server) == ["Bearer ghs_1"]
    assert server.asked[1].body == {"repositories": ["registry"]}
    kind, _, claim = server.asked[0].headers["authorization"].partition(" ")
    head, body, signature = claim.split(".")
    assert (kind, part(head)) == ("Bearer", {"alg": "RS256", "typ": "JWT"})
    assert part(body) == {"iat": int(NOW) - 60, "exp": int(NOW) + 540, "iss": "1234"}
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    KEY.public_key().verify(raw, f"{head}.{body}".encode(), PKCS1v15(), SHA256())


def test_the_token_of_an_app_is_renewed_before_its_end(server, key_file):
    end = "2027-01-15T09:00:00Z"
    tokens(server, end, "2027-01-15T10:00:00Z")
    client = app(server, key_file)
    client.me()
    server.waits.seconds = parse_time(end).timestamp() - 301
    client.me()
    server.waits.seconds += 1
    client.me()
    assert sent(server) == ["Bearer ghs_1", "Bearer ghs_1", "Bearer ghs_2"]


def test_a_token_without_an_end_is_asked_for_every_time(server, key_file):
    tokens(server, None)
    client = app(server, key_file)
    client.me()
    client.me()
    assert len(sent(server, TOKENS)) == 2


def test_a_token_of_the_environment_comes_before_the_app(server, key_file):
    server.on("GET /user", ADA)
    server.client(GM_GITHUB_APP_ID="1234", GM_GITHUB_APP_KEY=str(key_file)).me()
    assert sent(server) == [f"Bearer {TOKEN}"]


def test_an_app_that_is_not_installed(server, key_file):
    with pytest.raises(GmError) as caught:
        app(server, key_file).me()
    assert (caught.value.code, caught.value.where) == (
        "GM-F403",
        "GET /api/v3/repos/acme/registry/installation",
    )


@pytest.mark.parametrize(
    "answer", [{}, {"token": 7}, {"token": ""}, {"token": "a\r\nb"}, {"token": "x", "expires_at": "soon"}]
)
def test_an_answer_that_is_no_token(server, key_file, answer):
    tokens(server)
    server.on(TOKENS, answer)
    with pytest.raises(GmError) as caught:
        app(server, key_file).me()
    assert caught.value.code == "GM-F408"
    assert sent(server) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
        pem(KEY, password=b"secret"),
        pem(ec.generate_private_key(ec.SECP256R1())),
        pem(ed25519.Ed25519PrivateKey.generate()),
        pem(rsa.generate_private_key(65537, 1024)),
        KEY.public_key().public_bytes(ser.Encoding.PEM, ser.PublicFormat.SubjectPublicKeyInfo),
        pem(KEY) + b" " * 65536,
    ],
)
def test_what_is_no_key_of_an_app(tmp_path, content):
    path = tmp_path / "app.pem"
    path.write_bytes(content)
    assert refused("GM-F413", read_key, path).where == str(path)


def test_a_key_that_is_not_there(tmp_path):
    assert "No such file" in refused("GM-F413", read_key, tmp_path / "none.pem").message


@pytest.mark.parametrize(
    "environ",
    [{"GM_GITHUB_APP_ID": "1234"}, {"GM_GITHUB_APP_KEY": "x"}, {"GM_GITHUB_APP_ID": "1 2", "GM_GITHUB_APP_KEY": "x"}],
)
def test_an_app_needs_its_id_and_its_key(server, environ):
    refused("GM-F413", lambda: server.client(GH_TOKEN="", **environ))


def test_nothing_shows_the_token(server, key_file):
    tokens(server, "2027-01-15T09:00:00Z")
    client = app(server, key_file)
    client.me()
    assert "ghs_1" not in repr(client.api) + repr(client.api.token)
