"""Asks Slack whether everything that podwatch needs is there, without posting anything: for ``podwatch doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from slack_sdk import WebClient

from podwatch.errors import ChannelError
from podwatch.notifiers.slack import _SILENT, _tls
from podwatch.notifiers.slack_channel_ids import ChannelDirectory
from podwatch.notifiers.slack_errors import Fault, SlackError, error_from_code, error_from_exception
from podwatch.settings import Secret

TIMEOUT = 15  # seconds
# scope -> what podwatch does with it; the second group only for private channels
REQUIRED_SCOPES = {
    "chat:write": "to post",
    "channels:read": "to find a channel by its name",
    "channels:history": "to look whether a message whose answer was lost has arrived",
}
PRIVATE_CHANNEL_SCOPES = {
    "groups:read": "to find private channels",
    "groups:history": "to look for messages in private channels",
}


@dataclass(frozen=True, slots=True)
class Bot:
    """Who the token is. scopes: None when the server does not say; clock: Slack's, when it answered."""

    name: str
    team: str
    scopes: frozenset[str] | None
    clock: datetime | None


class SlackProbe:
    """Reads only. Each method raises ChannelError, with what to do, when something is missing."""

    def __init__(self, token: Secret, base_url: str) -> None:
        self._token, self._host = token, urlsplit(base_url).hostname or "Slack"
        self._web = WebClient(base_url=base_url, timeout=TIMEOUT, ssl=_tls(), retry_handlers=[], logger=_SILENT)
        self._directory = ChannelDirectory(self._ask)

    def identify_bot(self) -> Bot:
        """Who the bot token belongs to (auth.test; Slack names the token's scopes in a header of each answer)."""
        data, headers = self._call("auth.test", self._host, "chat:write", self._token)
        said = headers.get("x-oauth-scopes")
        scopes = None if said is None else frozenset(part.strip() for part in said.split(",") if part.strip())
        return Bot(str(data.get("user") or "?"), str(data.get("team") or "?"), scopes, _moment(headers.get("date")))

    def check_app_token(self, app_token: Secret) -> None:
        """Whether the app-level token opens Socket Mode connections; none is opened."""
        self._call("apps.connections.open", self._host, "connections:write", app_token)

    def check_channel(self, channel: str) -> str:
        """The channel's id, when podwatch can post there and read its history."""
        found = self._directory.id(channel)
        if found is None:
            raise error_from_code("missing_scope", channel, "channels:read")
        if not found.startswith("D"):
            about = self._ask("conversations.info", channel, "channels:read", params={"channel": found})
            facts = about.get("channel") or {}
            if facts.get("is_archived"):
                raise error_from_code("is_archived", channel, "")
            if facts.get("is_member") is False:
                raise error_from_code("not_in_channel", channel, "")
        self._ask("conversations.history", channel, "channels:history", params={"channel": found, "limit": 1})
        return found

    def _ask(self, method: str, channel: str, scope: str, **arguments: Any) -> dict[str, Any]:
        return self._call(method, channel, scope, self._token, **arguments)[0]

    def _call(
        self, method: str, where: str, scope: str, token: Secret, **arguments: Any
    ) -> tuple[dict[str, Any], dict[str, str]]:
        if any(not "!" <= c <= "~" for c in token.reveal()):
            raise error_from_code("invalid_auth", where, scope)
        refused: ChannelError | None = None
        data: Any = {}
        headers: dict[str, str] = {}
        try:
            answer = self._web.api_call(method, headers={"Authorization": f"Bearer {token.reveal()}"}, **arguments)
            data, headers = answer.data, {str(k).lower(): str(v) for k, v in dict(answer.headers).items()}
            if not isinstance(data, dict):
                refused = SlackError(Fault.UNKNOWN, "no JSON answer", where=where)
        except Exception as error:  # noqa: BLE001 - slack_sdk lets anything out
            refused = error_from_exception(error, where, self._host, scope)
        if refused is not None:
            raise refused  # outside the except clause: see SlackNotifier._call
        return data, headers


def _moment(date: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(date) if date else None
    except (ValueError, TypeError):
        return None
