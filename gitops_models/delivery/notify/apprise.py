"""Notices through apprise, for the services that gm does not speak with itself: one address, which is a secret.

https://github.com/caronc/apprise, the extra ``apprise``. What stands behind an address is apprise's: which server it
speaks with and whether it follows redirects. What it says when it fails is not shown: that may hold secrets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitops_models.delivery.lines import within
from gitops_models.delivery.notify.base import AGAIN
from gitops_models.delivery.notify.hidden import UNUSABLE, address_of
from gitops_models.delivery.notify.notices import Severity
from gitops_models.delivery.notify.words import words_of
from gitops_models.errors import GmError
from gitops_models.registry.values import dataclass

if TYPE_CHECKING:
    from gitops_models.delivery.notify.base import Message
    from gitops_models.delivery.notify.notices import Route
    from gitops_models.delivery.notify.ways import Hidden

_TYPES = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.CRITICAL: "failure"}


@dataclass(frozen=True)
class AppriseNotifier:
    """Hands to apprise, which is imported when there is something to send."""

    id: str
    routes: frozenset[Route]
    place: Hidden
    timeout: float

    def send(self, message: Message, *, left: float) -> None:
        """Hand over once.

        Raises GM-R700 where it is not delivered, GM-R711 for an address that apprise does not know, GM-R712 where
        apprise is not installed.
        """
        kind, address = address_of(self.place).partition(":")[0], self.opened()
        words = words_of(message.body)
        seconds = min(self.timeout, left)

        def work() -> bool:
            try:
                told = address.notify(
                    title=words.title, body=words.text, notify_type=_TYPES[words.severity], body_format="text"
                )
            except Exception:
                raise
            except BaseException as error:  # a plugin that exits ends this thread, and not the run
                raise TimeoutError from error
            return bool(told)

        try:
            delivered = within(seconds, work, lambda: None, name="gm-notice")  # the lines are apprise's own
        except TimeoutError as error:
            raise GmError(AGAIN, f"{self.id}: {kind} did not answer within {seconds:g} s") from error
        except Exception as error:
            raise GmError(AGAIN, f"{self.id}: {kind} failed: {type(error).__name__}") from error
        if not delivered:
            raise GmError(AGAIN, f"{self.id}: {kind} did not take it")

    def opened(self) -> Any:
        """Return what notifies the address. Raises GM-R711 and GM-R712."""
        address = address_of(self.place)
        try:
            import apprise  # noqa: PLC0415 - an extra, and half a second
        except ImportError as error:
            raise GmError("GM-R712", f"{self.id}: apprise is not installed") from error
        asset = apprise.AppriseAsset(app_id="gitops-models", app_desc="gitops-models", async_mode=False)
        found = apprise.Apprise(asset=asset)
        if not found.add(address):
            where = self.place.url_file or self.place.url_env
            raise GmError(UNUSABLE, f"{self.id}: apprise does not know the address in {where}")
        return found
