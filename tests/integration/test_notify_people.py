"""Notices to people: Slack, Teams, mail and apprise, over real connections on loopback, exactly as these services want
them, with nothing that a stranger wrote turned into markup, a header or a command.
"""

import json
import sys
import threading
from time import monotonic

import pytest

from gitops_models.delivery.notify.assemble import notifier_of, try_secrets
from gitops_models.delivery.notify.base import Message
from gitops_models.delivery.notify.notices import KINDS, MOST_DETAILS, Notice, cloud_event, render
from gitops_models.delivery.notify.settings import Notification
from gitops_models.errors import GmError
from tests.support.mailbox import mailbox
from tests.support.notices import EMERGENCY, NOW, ROLLBACK
from tests.support.receiver import self_signed

HOSTILE = Notice(
    "rollback-failed",
    model="fraud",
    reason="<!channel> [click](https://evil.example) *bold* </at>\r\nBcc: all@example.org\r\n.\r\nRCPT TO:<x@y>",
    details={f"name-{number}": "\U0001f4a5" * 3000 for number in range(MOST_DETAILS)},
)


@pytest.fixture
def certificate(tmp_path):
    return self_signed(tmp_path)


def place(way, settings, *, name="place", **more):
    return Notification.model_validate({"id": name, way: settings, **more})


def channel(tmp_path, url, way, *, name="channel", **more):
    file = tmp_path / f"{name}-url"
    file.write_text(url + "\n")
    return place(way, {"url_file": str(file), **more}, name=name)


def mail(box, tmp_path, *, name="mail", **changes):
    password = tmp_path / "password"
    password.write_text("open sesame\n")
    settings = {
        "host": "127.0.0.1",
        "port": box.port,
        "sender": "gm@example.org",
        "recipients": ["ada@example.org", "grace@example.org"],
        "ca_file": str(box.certificate[0]) if box.certificate else None,
        "security": "starttls" if box.certificate else "none",
        **changes,
    }
    if "user" in changes:
        settings.setdefault("password_file", str(password))
    return place("smtp", settings, name=name)


def codes(told):
    return [error.code for error in told.warnings]


def message(notice=EMERGENCY):
    return Message(
        "1" * 32, notice.kind, "x", render(cloud_event(notice, identity="1" * 32, repository="shop", at=NOW))
    )


def refusal(where, notice=EMERGENCY, *, left=20):
    notifier = notifier_of(where, clock=lambda: NOW, now=monotonic)
    with pytest.raises(GmError) as refused:
        notifier.send(message(notice), left=left)
    return refused.value


# Slack


def test_slack_gets_a_header_and_the_facts_as_plain_text(hook, tmp_path, post):
    told = post(channel(tmp_path, hook.url, "slack")).notify(EMERGENCY)
    assert (told.sent, told.waiting, told.warnings) == (1, 0, ())
    (delivery,) = hook.deliveries
    assert delivery.headers["content-type"] == "application/json; charset=utf-8"
    header, section = delivery.event["blocks"]
    title = "[critical] an emergency rollback begins: fraud: poisoned labels"
    assert header == {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
    assert delivery.event["text"] == title
    assert section["text"]["type"] == "plain_text"
    assert "\nincident: INC-1\n" in section["text"]["text"]
    assert "\nrepository: shop\n" in section["text"]["text"]


def test_slack_makes_neither_links_nor_mentions_of_what_a_stranger_wrote(hook, tmp_path, post):
    assert post(channel(tmp_path, hook.url, "slack")).notify(HOSTILE).sent == 1
    (delivery,) = hook.deliveries
    said = delivery.event
    assert "<" not in said["text"]
    assert "&lt;!channel&gt;" in said["text"]
    assert (said["mrkdwn"], said["unfurl_links"], said["unfurl_media"]) == (False, False, False)
    assert {block["text"]["type"] for block in said["blocks"]} == {"plain_text"}
    header, section = (block["text"]["text"] for block in said["blocks"])
    assert len(header) <= 150
    assert len(section) <= 3000


# Teams


def test_teams_gets_a_card_without_markdown_within_its_limit(hook, tmp_path, post):
    hook.answers = [202]  # what a workflow says
    assert post(channel(tmp_path, hook.url, "teams")).notify(HOSTILE).sent == 1
    (delivery,) = hook.deliveries
    (attachment,) = delivery.event["attachments"]
    assert (delivery.event["type"], attachment["contentType"]) == (
        "message",
        "application/vnd.microsoft.card.adaptive",
    )
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.2")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}
    runs = [run for block in card["body"] for run in block["inlines"]]
    assert {run["type"] for run in runs} == {"TextRun"}
    assert runs[0]["text"].startswith("[critical] a rollback failed: fraud: <!channel> [click](https://evil.example)")
    assert len(delivery.body) < 28_000


@pytest.mark.parametrize("way", ["slack", "teams"])
def test_a_channel_that_is_busy_is_tried_again_and_one_that_is_gone_refuses(hook, tmp_path, post, waits, way):
    hook.answers = [429, 200]
    assert post(channel(tmp_path, hook.url, way)).notify(ROLLBACK).sent == 1
    assert waits.waited == [1.0]
    hook.answers = [404]
    told = post(channel(tmp_path, hook.url, way)).notify(ROLLBACK)
    assert (told.sent, told.waiting, codes(told)) == (0, 1, ["GM-R701"])


@pytest.mark.parametrize("way", ["slack", "teams"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://hooks.example.org/x",
        "https://hooks.example.org/x\nhttps://evil.example/",
        "https://u:p@h/",
        "https://hooks.example.org:secret-word/",
        "https://[secret-word/",
        "\x1b",
        "ü",
    ],
)
def test_an_address_that_is_not_one_line_of_https_is_not_used_and_not_shown(tmp_path, way, text):
    (tmp_path / "channel-url").write_text(text)
    where = place(way, {"url_file": str(tmp_path / "channel-url")})
    error = refusal(where)
    assert error.code == "GM-R711"
    assert "hooks.example.org" not in error.message
    assert "secret-word" not in f"{error.message} {error.__cause__}"
    with pytest.raises(GmError) as refused:
        try_secrets(where)
    assert refused.value.code == "GM-R711"


def test_an_address_that_is_not_there_is_a_warning_and_the_notice_waits(hook, tmp_path, post, monkeypatch):
    named = place("slack", {"url_env": "GM_CHANNEL"})
    told = post(named).notify(EMERGENCY)
    assert (told.waiting, codes(told)) == (1, ["GM-R711"])
    assert codes(post(place("slack", {"url_file": str(tmp_path / "gone")})).notify(EMERGENCY)) == ["GM-R711"]
    monkeypatch.setenv("GM_CHANNEL", hook.url)
    assert post(named).flush().sent == 2
    (tmp_path / "gone").write_bytes(b"\xff")
    assert refusal(place("slack", {"url_file": str(tmp_path / "gone")})).code == "GM-R711"


# Mail


def test_a_mail_goes_encrypted_to_everybody_with_a_log_in(tmp_path, certificate, post):
    with mailbox(certificate=certificate, users={"gm": "open sesame"}) as box:
        told = post(mail(box, tmp_path, user="gm")).notify(EMERGENCY)
        assert (told.sent, told.waiting, told.warnings) == (1, 0, ())
        (taken,) = box.mails
    assert (taken.encrypted, taken.user, taken.sender) == (True, "gm", "gm@example.org")
    assert taken.recipients == ["ada@example.org", "grace@example.org"]
    said = taken.message
    assert said["Subject"] == "[critical] an emergency rollback begins: fraud: poisoned labels"
    assert (said["From"], said["To"]) == ("gm@example.org", "ada@example.org, grace@example.org")
    assert (said["Date"], said["Auto-Submitted"]) == ("Sun, 22 Nov 2026 10:00:00 +0000", "auto-generated")
    assert "\nincident: INC-1\n" in said.get_content().replace("\r\n", "\n")
    assert box.heard[:2] == ["ehlo example.org", "STARTTLS"]


def test_a_mail_goes_over_tls_from_the_first_byte(tmp_path, certificate, post):
    with mailbox(certificate=certificate, implicit=True, offers=["AUTH LOGIN"], users={"gm": "open sesame"}) as box:
        assert post(mail(box, tmp_path, security="tls", user="gm")).notify(EMERGENCY).sent == 1
        assert (box.mails[0].encrypted, box.mails[0].user) == (True, "gm")


def test_a_mail_is_the_same_at_each_attempt(tmp_path, post):
    with mailbox(answers={"message": "451 later"}) as box:
        where = mail(box, tmp_path)
        told = post(where).notify(EMERGENCY)
        assert (told.sent, told.waiting, codes(told)) == (0, 1, ["GM-R700"])
        box.answers = {}
        assert post(where).flush().sent == 1
        identity = box.mails[0].message["Message-ID"]
        post(where).notify(Notice("rollback-initiated", id="abc"))
    assert identity.endswith("@example.org>")
    assert box.mails[1].message["Message-ID"] == "<abc@example.org>"


def test_no_header_recipient_or_command_is_made_of_what_a_stranger_wrote(tmp_path, post):
    with mailbox() as box:
        assert post(mail(box, tmp_path)).notify(HOSTILE).sent == 1
    (taken,) = box.mails
    assert taken.recipients == ["ada@example.org", "grace@example.org"]
    assert taken.message["Bcc"] is None
    assert [line.split()[0].upper() for line in box.heard] == ["EHLO", "MAIL", "RCPT", "RCPT", "DATA", "QUIT"]
    assert "Bcc: all@example.org" in taken.message.get_content()  # as text, escaped: the reader sees what was tried
    assert "\\x0d\\x0aBcc" in taken.message.get_content()


@pytest.mark.attack(
    "a mail server, or who stands before it, takes STARTTLS away to read mail and password", "GM-R713", by="network"
)
def test_a_server_without_starttls_gets_neither_mail_nor_password(tmp_path, certificate):
    with mailbox(certificate=certificate, offers=["AUTH PLAIN"], users={"gm": "open sesame"}) as box:
        error = refusal(mail(box, tmp_path, user="gm"))
    assert error.code == "GM-R713"
    assert [line.split()[0].upper() for line in box.heard] == ["EHLO", "QUIT"] or box.heard == ["ehlo example.org"]
    assert box.mails == []


@pytest.mark.parametrize("implicit", [True, False])
def test_a_server_with_another_certificate_gets_neither_mail_nor_password(tmp_path, certificate, implicit):
    security = "tls" if implicit else "starttls"
    with mailbox(certificate=certificate, implicit=implicit, users={"gm": "open sesame"}) as box:
        error = refusal(mail(box, tmp_path, user="gm", security=security, ca_file=None))
    assert error.code == "GM-R700"
    assert not any(line.startswith("AUTH") for line in box.heard)
    assert box.mails == []


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"answers": {"": "554 not today"}}, "GM-R701"),
        ({"answers": {"": "421 busy"}}, "GM-R700"),
        ({"answers": {"MAIL": "550 never"}}, "GM-R701"),
        ({"answers": {"MAIL": "452 full"}}, "GM-R700"),
        ({"answers": {"DATA": "554 no"}}, "GM-R701"),
        ({"answers": {"message": "552 too large"}}, "GM-R701"),
        ({"answers": {"MAIL": ""}}, "GM-R700"),
        ({"refused": dict.fromkeys(["ada@example.org", "grace@example.org"], "550 who")}, "GM-R701"),
        ({"refused": dict.fromkeys(["ada@example.org", "grace@example.org"], "450 greylisted")}, "GM-R700"),
        ({"answers": {"MAIL": "250 " + "x" * 9000}}, "GM-R701"),
    ],
)
def test_what_a_mail_server_answers_says_whether_to_try_again(tmp_path, settings, code):
    with mailbox(**settings) as box:
        error = refusal(mail(box, tmp_path))
        assert error.code == code
        assert len(error.message) < 400
    assert box.mails == []


def test_a_wrong_password_is_a_refusal_that_does_not_show_it(tmp_path, certificate):
    with mailbox(certificate=certificate, users={"gm": "another"}) as box:
        error = refusal(mail(box, tmp_path, user="gm"))
        assert error.code == "GM-R701"
        assert "535" in error.message
        assert "open sesame" not in error.message
        box.offers = ["STARTTLS"]
        assert refusal(mail(box, tmp_path, user="gm")).code == "GM-R701"
    assert box.mails == []


def test_who_is_refused_is_a_warning_and_the_others_get_it_once(tmp_path, post):
    with mailbox(refused={"ada@example.org": "550 \x1b[31mgone"}) as box:
        told = post(mail(box, tmp_path)).notify(EMERGENCY)
        assert (told.sent, told.waiting, codes(told)) == (1, 0, ["GM-R714"])
        assert "ada@example.org (550 \\x1b[31mgone); 1 in all" in told.warnings[0].message
        assert post(mail(box, tmp_path)).flush().sent == 0
    assert [taken.recipients for taken in box.mails] == [["grace@example.org"]]


@pytest.mark.parametrize("silent_from", ["EHLO", "RCPT"])
def test_a_mail_server_that_says_nothing_is_hung_up_on(tmp_path, silent_from):
    with mailbox(silent_from=silent_from) as box:
        assert refusal(mail(box, tmp_path), left=0.3).code == "GM-R700"


@pytest.mark.parametrize("security", ["none", "tls", "starttls"])
def test_a_mail_server_that_says_nothing_keeps_no_thread(tmp_path, certificate, security):
    files = {} if security == "none" else {"certificate": certificate, "implicit": security == "tls"}
    with mailbox(silent_from="MAIL", **files) as box:
        assert refusal(mail(box, tmp_path, security=security), left=1).code == "GM-R700"
        for thread in threading.enumerate():
            if thread.name == "gm-notice":
                thread.join(30)
                assert not thread.is_alive()


def test_no_mail_server_is_a_warning(tmp_path):
    with mailbox() as box:
        where = mail(box, tmp_path)
    assert refusal(where).code == "GM-R700"


def test_a_password_that_cannot_be_sent_is_said_before_anybody_is_spoken_to(tmp_path, certificate):
    with mailbox(certificate=certificate) as box:
        where = mail(box, tmp_path, user="gm")
        try_secrets(where)
        for text in ("pässword", "two\nlines"):
            (tmp_path / "password").write_text(text)
            assert refusal(where).code == "GM-R711"
        (tmp_path / "password").unlink()
        for attempt in (refusal, try_secrets_of):
            assert attempt(where).code == "GM-R711"
    assert box.heard == []


def try_secrets_of(where):
    with pytest.raises(GmError) as refused:
        try_secrets(where)
    return refused.value


# apprise

# What it imports of the standard library on the way.
OLD = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@OLD
def test_apprise_is_given_the_words_and_speaks_to_the_service(hook, tmp_path, post):
    url = f"json://127.0.0.1:{hook.port}/hook"
    told = post(channel(tmp_path, url, "apprise")).notify(EMERGENCY)
    assert (told.sent, told.waiting, told.warnings) == (1, 0, ())
    (delivery,) = hook.deliveries
    assert delivery.event["title"] == "[critical] an emergency rollback begins: fraud: poisoned labels"
    assert delivery.event["type"] == "failure"
    assert "incident: INC-1" in delivery.event["message"]


@OLD
def test_a_service_that_apprise_cannot_reach_is_a_warning_without_its_address(hook, tmp_path, post, capfd):
    hook.answers = [500]
    url = f"json://user:secret-word@127.0.0.1:{hook.port}/hook"
    told = post(channel(tmp_path, url, "apprise")).notify(EMERGENCY)
    assert (told.sent, told.waiting, codes(told)) == (0, 1, ["GM-R700"])
    assert "secret-word" not in f"{told.warnings} {capfd.readouterr()}"
    hook.answers = [200]
    assert post(channel(tmp_path, url, "apprise")).flush().sent == 1


@OLD
def test_an_address_that_apprise_does_not_know_is_not_used(tmp_path):
    where = channel(tmp_path, "nothing-of-the-kind://secret-word", "apprise")
    assert refusal(where).code == "GM-R711"
    assert "secret-word" not in refusal(where).message
    assert try_secrets_of(where).code == "GM-R711"


@OLD
def test_a_plugin_of_apprise_that_exits_does_not_end_the_run(tmp_path):
    from apprise.decorators import notify  # noqa: PLC0415 - with what it warns of
    from apprise.manager_plugins import NotificationManager  # noqa: PLC0415 - as above

    notify(on="gmexits")(lambda *_args, **_words: sys.exit("done"))
    try:
        refused = refusal(channel(tmp_path, "gmexits://", "apprise"))
    finally:
        NotificationManager().remove("gmexits")
    assert (refused.code, refused.message) == ("GM-R700", "channel: gmexits did not answer within 10 s")


def test_without_apprise_the_remedy_is_said_and_the_notice_waits(tmp_path, post, monkeypatch):
    monkeypatch.setitem(sys.modules, "apprise", None)
    told = post(channel(tmp_path, "json://127.0.0.1/", "apprise")).notify(EMERGENCY)
    assert (told.waiting, codes(told)) == (1, ["GM-R712"])
    assert told.warnings[0].hint == "pip install 'gitops-models[apprise]', or name another way"


# All


def test_a_place_that_fails_keeps_no_other_from_being_told(hook, tmp_path, post):
    with mailbox(answers={"": "554 no"}) as box:
        office = post(
            mail(box, tmp_path),
            place("slack", {"url_env": "GM_NOT_SET"}, name="slack"),
            channel(tmp_path, hook.url, "teams", name="teams"),
        )
        told = office.notify(EMERGENCY)
    assert (told.sent, told.waiting, sorted(codes(told))) == (1, 2, ["GM-R701", "GM-R711"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_notice_has_words(hook, tmp_path, kind):
    notifier_of(channel(tmp_path, hook.url, "slack"), clock=lambda: NOW, now=monotonic).send(
        message(Notice(kind)), left=20
    )
    assert hook.events[0]["text"] == f"[{KINDS[kind].severity}] {KINDS[kind].title}"
    assert json.loads(hook.deliveries[0].body)
