"""Notices to a channel of Slack or Microsoft Teams, through the incoming webhook that was made for it.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
https://docs.slack.dev/reference/block-kit/composition-objects/text-object
https://learn.microsoft.com/en-us/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
https://adaptivecards.io/explorer/TextRun.html

Reasons and names come from strangers, so nothing of them is markup: Slack's ``plain_text`` objects and the runs of a
rich text block on Teams' cards make neither links nor mentions.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitops_models.delivery.notify.hidden import channel_of
from gitops_models.delivery.notify.posting import deliver
from gitops_models.delivery.notify.words import words_of
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_models.delivery.notify.base import Message
    from gitops_models.delivery.notify.notices import Route
    from gitops_models.delivery.notify.ways import Chat
    from gitops_models.delivery.notify.words import Words


@dataclass(frozen=True)
class ChatNotifier:
    """Posts what ``form`` makes of the words; the address is read at each attempt."""

    id: str
    routes: frozenset[Route]
    place: Chat
    timeout: float
    form: Callable[[Words], dict[str, Any]]

    def send(self, message: Message, *, left: float) -> None:
        """Post once; any 2xx is delivery. Raises GM-R711 where there is no address, else as ``deliver``."""
        body = json.dumps(self.form(words_of(message.body)), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json; charset=utf-8"}
        url, seconds = channel_of(self.place), min(self.timeout, left)
        deliver(url, body, headers, place=self.id, seconds=seconds, ca_file=self.place.ca_file)


def slack(words: Words) -> dict[str, Any]:
    """Return a message for Slack; ``text`` is what a notification on a telephone shows."""
    title = {"type": "plain_text", "text": words.title, "emoji": False}
    text = {"type": "plain_text", "text": words.short, "emoji": False}
    return {
        "text": _escaped(words.title),
        "mrkdwn": False,
        "unfurl_links": False,
        "unfurl_media": False,
        "blocks": [{"type": "header", "text": title}, {"type": "section", "text": text}],
    }


def _escaped(text: str) -> str:
    """Slack reads three characters as its own; ``<!channel>`` would call everybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def teams(words: Words) -> dict[str, Any]:
    """Return a message with one adaptive card, which both workflows and the older connectors of Teams take."""
    runs = [_block(words.title, weight="Bolder"), *(_block(line) for line in words.short.splitlines() if line)]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",  # the first with rich text
        "body": runs,
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _block(text: str, **look: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **look}]}
