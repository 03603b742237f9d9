"""The words of a notice, and the operator's list of places."""

import json
from datetime import UTC, datetime
from typing import get_args

import pytest
from pydantic import ValidationError

from gitops_models.delivery.notify.notices import KINDS, MOST_DETAILS, Notice, NoticeKind, Route, cloud_event, render
from gitops_models.delivery.notify.settings import Notification, read_notifications
from gitops_models.errors import GmError

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HOOK = {"url": "https://hooks.example.org/gm", "secret_env": "HOOK"}
CHAT = {"url_env": "CHANNEL"}
MAIL = {"host": "smtp.example.org", "sender": "gm@example.org", "recipients": ["on-call@example.org"]}
HEAD = "apiVersion: gitops-models/v1\nkind: Notifications\n"


def event(notice, repository="shop"):
    return json.loads(render(cloud_event(notice, identity="1", repository=repository, at=NOW)))


def test_every_kind_has_its_severity_and_routes():
    assert set(KINDS) == set(get_args(NoticeKind))
    for kind, usual in KINDS.items():
        both = kind.startswith(("emergency", "integrity", "override", "history", "ratification", "step"))
        assert usual.routes == ({Route.OPS, Route.SECURITY} if both else {Route.OPS}), kind
        assert event(Notice(kind))["type"] == f"gitops-models.v1.{kind}"


def test_the_summary_says_what_where_and_why_in_one_line():
    notice = Notice(
        "rollback-failed", model="fraud", stage="production", version="1.0.0", replaces="1.1.0", reason="a\nb"
    )
    assert event(notice)["data"]["summary"] == r"a rollback failed: fraud#production (1.1.0 -> 1.0.0): a\x0ab"
    assert event(Notice("rollback-failed"))["data"]["summary"] == "a rollback failed"
    assert "subject" not in event(Notice("rollback-failed"))


def test_details_are_escaped_and_counted():
    found = event(Notice("rollback-failed", details={f"n{number}\x07": "\x1b" for number in range(100)}))
    assert len(found["data"]["details"]) == MOST_DETAILS
    assert found["data"]["details"]["n0\\x07"] == "\\x1b"


def test_the_source_is_a_reference_whatever_the_repository_is_called():
    assert event(Notice("rollback-failed"), repository="a/b ?")["source"] == "/gitops-models/a%2Fb%20%3F"


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/gm",
        "ftp://hooks.example.org/gm",
        "https://user:word@hooks.example.org/",
        "https://hooks.example.org/#x",
        "https://hooks.example.org/a b",
        "https://hooks.example.org:99999/",
        "https://hooks.example.org:0/",
        "https:///gm",
        "https://höoks.example.org/",
        "https://localhost@evil.example/",
        "file:///etc/passwd",
        "/hook",
    ],
)
def test_an_address_that_is_not_plain_https_is_refused(url):
    with pytest.raises(ValidationError):
        Notification.model_validate({"id": "x", "webhook": {**HOOK, "url": url}})


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]:80/x", HOOK["url"]])
def test_plain_http_is_for_this_machine_alone(url):
    assert Notification.model_validate({"id": "x", "webhook": {**HOOK, "url": url}}).routes == ("ops", "security")


@pytest.mark.parametrize(
    "place",
    [
        {"id": "x"},
        {"id": "x", "webhook": HOOK, "command": ["a"]},
        {"id": "x", "command": []},
        {"id": "x", "command": "a | b"},
        {"id": "x", "webhook": {"url": HOOK["url"]}},
        {"id": "x", "webhook": {**HOOK, "secret_file": "f"}},
        {"id": "x", "webhook": {**HOOK, "secret_env": "A-B"}},
        {"id": "x", "webhook": {**HOOK, "secret": "in the file"}},
        {"id": "x", "webhook": HOOK, "routes": []},
        {"id": "x", "webhook": HOOK, "routes": ["sales"]},
        {"id": "x", "webhook": HOOK, "timeout": 61},
        {"id": "../x", "webhook": HOOK},
        {"id": "x", "slack": CHAT, "teams": CHAT},
        {"id": "x", "slack": {}},
        {"id": "x", "slack": {**CHAT, "url_file": "f"}},
        {"id": "x", "slack": {"url": "https://hooks.slack.com/services/T/B/x"}},
        {"id": "x", "apprise": {**CHAT, "ca_file": "f"}},
        {"id": "x", "smtp": {**MAIL, "host": "mail.example.org/x"}},
        {"id": "x", "smtp": {**MAIL, "port": 0}},
        {"id": "x", "smtp": {**MAIL, "security": "none"}},
        {"id": "x", "smtp": {**MAIL, "sender": "gm@example.org\nBcc: x@example.org"}},
        {"id": "x", "smtp": {**MAIL, "sender": "gm@example.org>"}},
        {"id": "x", "smtp": {**MAIL, "recipients": []}},
        {"id": "x", "smtp": {**MAIL, "recipients": ["a b@example.org"]}},
        {"id": "x", "smtp": {**MAIL, "recipients": ["a@example.org"] * 51}},
        {"id": "x", "smtp": {**MAIL, "user": "gm"}},
        {"id": "x", "smtp": {**MAIL, "password_env": "P"}},
        {"id": "x", "smtp": {**MAIL, "user": "gm", "password_env": "P", "password_file": "p"}},
    ],
)
def test_a_place_that_says_too_much_or_too_little_is_refused(place):
    with pytest.raises(ValidationError):
        Notification.model_validate(place)


def test_paths_of_the_file_are_relative_to_it(tmp_path, home):
    file = tmp_path / "notifications.yaml"
    file.write_text(
        HEAD + "state: ~/outbox\nnotifications:\n"
        "- {id: a, webhook: {url: 'https://h.example/', secret_file: secret, ca_file: ca.pem}}\n"
        "- {id: b, command: [bin/page, bin/x]}\n- {id: c, command: [page]}\n"
        "- {id: d, webhook: {url: 'https://h.example/', secret_env: S}}\n"
        "- {id: e, slack: {url_file: channel}}\n"
        "- {id: f, smtp: {host: m.example, sender: a@b, recipients: [c@d], user: gm, password_file: word}}\n"
        "- {id: g, apprise: {url_file: ~/service}}\n"
    )
    found = read_notifications(file)
    first, second, third, fourth, chat, mail, more = found.notifications
    assert (first.webhook.secret_file, first.webhook.ca_file) == (str(tmp_path / "secret"), str(tmp_path / "ca.pem"))
    assert (second.command, third.command) == ((str(tmp_path / "bin/page"), "bin/x"), ("page",))
    assert (chat.slack.url_file, chat.slack.ca_file) == (str(tmp_path / "channel"), None)
    assert (mail.smtp.password_file, more.apprise.url_file) == (str(tmp_path / "word"), str(home / "service"))
    assert (fourth.webhook.secret_file, found.state) == (None, str(home / "outbox"))


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_of_a_mail_server_follows_from_its_encryption(security, port):
    usual = {**MAIL, "host": "127.0.0.1", "security": security}
    assert Notification.model_validate({"id": "x", "smtp": usual}).smtp.door == port
    assert Notification.model_validate({"id": "x", "smtp": {**usual, "port": 2525}}).smtp.door == 2525


@pytest.mark.parametrize(
    "text",
    [
        HEAD.replace("Notifications", "Reconciler") + "notifications: []\n",
        "kind: Notifications\nnotifications: []\n",
        "apiVersion: gitops-models/v1\nnotifications: []\n",
        HEAD + "notifications: [{id: a}]\n",
        HEAD + "notifications: [{id: a, command: [x]}, {id: a, command: [y]}]\n",
        HEAD + "notifications: &a []\n",
    ],
)
def test_a_file_that_is_no_list_of_places_is_refused(tmp_path, text):
    file = tmp_path / "n.yaml"
    file.write_text(text)
    with pytest.raises(GmError) as refused:
        read_notifications(file)
    assert refused.value.code == "GM-R710"


def test_a_file_that_is_missing_is_refused(tmp_path):
    with pytest.raises(GmError) as refused:
        read_notifications(tmp_path / "n.yaml")
    assert refused.value.code == "GM-R710"
