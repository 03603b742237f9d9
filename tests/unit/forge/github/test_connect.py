"""From the address of a remote to the API: the right server, encrypted, and no other."""

import os
import ssl
import subprocess
import sys
import threading

import pytest

from gitops_models.errors.codes import Exit
from gitops_models.forge.github.address import parse_address
from gitops_models.forge.github.connect import Patience, github_of
from tests.support.answering import TOKEN, Reply, answering
from tests.support.receiver import raw_server, self_signed
from tests.support.refusals import refused

ENVIRON = {"GH_TOKEN": TOKEN}
EVERYWHERE = ENVIRON | {"GH_ENTERPRISE_TOKEN": TOKEN}
ADA = {"id": 7, "login": "ada"}


@pytest.mark.parametrize(
    ("remote", "api"),
    [
        ("https://github.com/acme/registry.git", "https://api.github.com"),
        ("https://github.com/acme/registry", "https://api.github.com"),
        ("https://GitHub.com./acme/registry/", "https://api.github.com"),
        ("git@github.com:acme/registry.git", "https://api.github.com"),
        ("github.com:acme/registry", "https://api.github.com"),
        ("ssh://git@github.com/acme/registry.git", "https://api.github.com"),
        ("ssh://git@ssh.github.com:443/acme/registry.git", "https://api.github.com"),
        ("https://acme.ghe.com/acme/registry", "https://api.acme.ghe.com"),
        ("https://ghe.example/acme/registry.git", "https://ghe.example/api/v3"),
        ("https://ghe.example:8443/acme/registry.git", "https://ghe.example:8443/api/v3"),
        ("ssh://git@ghe.example:2222/acme/registry.git", "https://ghe.example/api/v3"),
        ("git@ghe.example:acme/registry.git", "https://ghe.example/api/v3"),
        ("http://ghe.example/acme/registry.git", "https://ghe.example/api/v3"),
        ("https://[::1]:8443/acme/registry.git", "https://[::1]:8443/api/v3"),
    ],
)
def test_the_api_of_a_remote(remote, api):
    found = github_of(remote, EVERYWHERE)
    assert (str(found.api.line.address), found.full_name) == (api, "acme/registry")


@pytest.mark.parametrize(
    "remote",
    [
        "",
        "/srv/registry.git",
        "../registry.git",
        "file:///srv/registry.git",
        "https://github.com/acme",
        "https://github.com/acme/registry/tree/main",
        "https://github.com/acme/..",
        "https://github.com/acme/.git",
        "https://github.com/acme/re%2e",
        "https://github.com/acme/regis\x1btry",
        "https:///acme/registry",
        "https://github.com:port/acme/registry",
        "https://[::1/acme/registry",
        "ftp://github.com/acme/registry",
        "git@github.com:acme",
        "https://gíthub.com/acme/registry",
    ],
)
def test_a_remote_that_is_no_repository_on_github(remote):
    error = refused("GM-F411", github_of, remote, ENVIRON)
    assert error.exit_status == Exit.USAGE
    assert "\x1b" not in error.message


def test_a_secret_in_the_remote_is_not_shown():
    error = refused("GM-F411", github_of, "https://user:hunter2@ghe.example/acme", ENVIRON)
    assert "hunter2" not in error.message


@pytest.mark.parametrize(
    ("remote", "api"),
    [
        ("git@ghe.example:acme/registry", "https://ghe.example/api/v3"),
        ("https://ghe.example/acme/registry", "https://api.ghe.example/api/v3/"),
        ("git@github.com:acme/registry", "https://api.github.com"),
    ],
)
def test_the_environment_names_the_api_of_the_remotes_server(remote, api):
    found = github_of(remote, ENVIRON | {"GITHUB_API_URL": api})
    assert str(found.api.line.address) == api.rstrip("/")


@pytest.mark.parametrize("remote", ["git@gitlab.example:acme/registry", "https://github.com.eve.example/acme/registry"])
def test_the_same_name_on_another_server_is_another_repository(remote):
    refused("GM-F411", github_of, remote, ENVIRON | {"GITHUB_API_URL": "https://api.github.com"})


@pytest.mark.parametrize(
    "api",
    [
        "http://github.com/api/v3",
        "http://api.github.com",
        "github.com",
        "https://",
        "https://user:hunter2@github.com/api",
        "https://github.com/api?x=1",
        "https://github.com/api#x",
        "https://github.com:x/api",
        "ftp://github.com",
        "https://github.com/a\x1b",
    ],
)
def test_an_address_that_a_token_is_not_sent_to(api):
    error = refused("GM-F414", github_of, "https://github.com/acme/registry", ENVIRON | {"GITHUB_API_URL": api})
    assert error.exit_status == Exit.USAGE
    assert "hunter2" not in error.message
    assert "\x1b" not in error.message


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_this_machine_needs_no_encryption(host):
    assert parse_address(f"http://{host}:8080/api/v3").port == 8080


def test_a_remote_on_this_machine_has_its_api_there(server):
    server.on("GET /user", ADA)
    environ = {"GH_ENTERPRISE_TOKEN": TOKEN}
    assert github_of(f"{server.url}/acme/registry.git", environ).me().id == 7


# TLS


def test_the_authority_of_an_enterprise_server_stands_in_ssl_cert_file(tmp_path):
    certificate, key = self_signed(tmp_path)
    with answering((certificate, key)) as server:
        server.on("GET /user", ADA)
        error = refused("GM-F407", server.client().me)
        assert "SSL_CERT_FILE" in error.hint
        assert "CERTIFICATE_VERIFY_FAILED" in error.message
        assert server.client(SSL_CERT_FILE=str(certificate)).me().id == 7
        client = server.client(SSL_CERT_FILE=str(certificate))
        client.api.line.seconds = 20.0
        assert client.api.line._pool().connection_pool_kw["ssl_context"].verify_mode == ssl.CERT_REQUIRED


def test_authorities_that_cannot_be_read_are_named(tmp_path):
    certificate, key = self_signed(tmp_path)
    with answering((certificate, key)) as server:
        missing = tmp_path / "none.pem"
        error = refused("GM-F407", server.client(SSL_CERT_FILE=str(missing)).me)
        assert (error.where, server.asked) == (str(missing), [])


def test_authorities_that_hang_are_left_behind_and_hold_up_no_other_line(tmp_path):
    certificate, key = self_signed(tmp_path)
    hangs = tmp_path / "hangs"
    os.mkfifo(hangs)
    with answering((certificate, key)) as server:
        server.on("GET /user", ADA)
        client = server.client(SSL_CERT_FILE=str(hangs), seconds=0.3)
        assert refused("GM-F407", client.me).message == "no whole answer within 0.3 s"
        assert server.client(SSL_CERT_FILE=str(certificate)).me().id == 7
    stuck = [thread for thread in threading.enumerate() if thread.name == "gm-github"]
    assert stuck  # one of each attempt
    os.close(os.open(hangs, os.O_WRONLY))
    for thread in stuck:
        thread.join(20)
        assert not thread.is_alive()


# Proxies


def proxied(remote, **environ):
    return github_of(remote, EVERYWHERE | environ).api.line.proxy


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:2"}, "http://a:1"),
        ({"HTTP_PROXY": "http://proxy:3128", "http_proxy": "http://proxy:3128"}, None),
        ({"https_proxy": "http://a:1", "no_proxy": "x, GHE.example"}, None),
        ({"https_proxy": "http://a:1", "NO_PROXY": ".example"}, None),
        ({"https_proxy": "http://a:1", "NO_PROXY": "*.example"}, None),
        ({"https_proxy": "http://a:1", "NO_PROXY": "*"}, None),
        ({"https_proxy": "http://a:1", "NO_PROXY": "e.example,,ample"}, "http://a:1"),
    ],
)
def test_the_proxy_that_git_would_use(environ, proxy):
    assert proxied("https://ghe.example/acme/registry", **environ) == proxy


def test_a_proxy_that_is_none_is_named():
    error = refused("GM-F414", lambda: proxied("https://ghe.example/a/b", https_proxy="socks://u:hunter2@p"))
    assert "hunter2" not in error.message


def test_what_is_encrypted_goes_through_the_proxy_unread():
    heard = []

    def proxy(connection, _over):
        heard.append(connection.recv(65536).decode())
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    with raw_server(proxy) as port:
        environ = ENVIRON | {"https_proxy": f"http://ada:p%40ss@127.0.0.1:{port}"}
        client = github_of("https://github.com/acme/registry", environ, Patience(pauses=()))
        error = refused("GM-F407", client.me)
    assert heard[0].startswith("CONNECT api.github.com:443 HTTP/1.")
    assert "Basic YWRhOnBAc3M=" in heard[0]
    assert TOKEN not in heard[0] + error.message
    assert "p@ss" not in error.message


def test_the_client_is_imported_with_nothing_heavy():
    code = "import sys, gitops_models.forge.github.connect; print(*sorted({n.split('.')[0] for n in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert {"pydantic", "pygit2", "git", "dvc", "sigstore", "rich", "cryptography", "requests"}.isdisjoint(
        done.stdout.split()
    )


def test_the_line_is_kept_open(server):
    ports = []
    server.on("GET /user", lambda asked: ports.append(asked) or Reply(ADA))
    client = server.client()
    client.me()
    client.me()
    (pool,) = client.api.line._pool().pools._container.values()
    assert (pool.num_requests, pool.num_connections) == (2, 1)
