"""Turns the ``#name`` or ``@name`` of a watchlist into Slack's own id, which history and compatible servers want."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

from podwatch.notifiers.slack_errors import SlackError, error_from_code

_ID = re.compile(r"[CDGUW][A-Z0-9]{6,}")
_PAGE = 1000  # Slack's largest; a workspace may have 20,000 channels, and 20 pages a minute are allowed

Call = Callable[..., dict[str, Any]]


class ChannelDirectory:
    """The channels and members of one workspace, read page by page as far as a name needs.

    What was read is kept, and so is the place where reading stopped: when Slack says slow down in the middle of a
    large workspace, the next try goes on from there. Several threads may ask; one of them reads for all.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._reading = threading.Lock()
        self._ids: dict[str, str] = {}
        self._cursor: str | None = ""  # None: read to the end
        self._types = "public_channel,private_channel"

    def id(self, channel: str) -> str | None:
        """Slack's id of a channel or member; None when the app lacks the scope to look it up.

        Raises Refusal: channel_not_found, user_not_found, or whatever kept Slack from answering.
        """
        if _ID.fullmatch(channel):
            return channel
        with self._reading:
            return self._found(channel)

    def _found(self, channel: str) -> str | None:
        if channel.startswith("@"):
            if channel not in self._ids:
                self._ids[channel] = self._conversation(channel)
            return self._ids[channel]
        name = channel.removeprefix("#").lower()  # Slack's channel names are lower case
        try:
            while name not in self._ids and self._cursor is not None:
                self._read_page(channel)
        except SlackError as refused:
            if refused.code != "missing_scope":
                raise
            return None
        if name not in self._ids:
            self._cursor = ""  # it may be made meanwhile
            raise error_from_code("channel_not_found", channel, "channels:read")
        return self._ids[name]

    def forget(self, channel: str) -> None:
        """Has a name looked up anew: what it led to is archived, or gone."""
        name = channel if channel.startswith("@") else channel.removeprefix("#").lower()
        with self._reading:
            if self._ids.pop(name, None):
                self._cursor = ""

    def _read_page(self, channel: str) -> None:
        asked = {"limit": _PAGE, "cursor": self._cursor, "types": self._types}
        try:
            page = self._call("conversations.list", channel, "channels:read", params=asked)
        except SlackError as refused:
            if refused.code == "missing_scope" and "private" in self._types:
                self._types = "public_channel"  # without groups:read the public ones can still be had
                return
            if refused.code == "invalid_cursor":
                self._cursor = ""
            raise
        for found in page.get("channels") or ():
            # An archived channel gives way to a living one of its name.
            if not found.get("is_archived") or found["name"] not in self._ids:
                self._ids[str(found["name"])] = str(found["id"])
        self._cursor = _next(page) or None

    def _conversation(self, channel: str) -> str:
        """The direct conversation with a member, who is named by handle, or by a display name that is only theirs."""
        wanted = channel[1:].lower()
        handles, shown = set(), set()
        for member in self._members(channel):
            if member.get("deleted"):
                continue
            if str(member.get("name", "")).lower() == wanted:
                handles.add(str(member["id"]))
            if str((member.get("profile") or {}).get("display_name", "")).lower() == wanted:
                shown.add(str(member["id"]))
        found = handles or shown
        if len(found) != 1:
            raise error_from_code("user_not_found", channel, "users:read")
        opened = self._call("conversations.open", channel, "im:write", params={"users": found.pop()})
        return str(opened["channel"]["id"])

    def _members(self, channel: str) -> Iterator[dict[str, Any]]:
        cursor = ""
        while True:
            page = self._call("users.list", channel, "users:read", params={"limit": _PAGE, "cursor": cursor})
            yield from page.get("members") or ()
            cursor = _next(page)
            if not cursor:
                return


def _next(page: dict[str, Any]) -> str:
    return str((page.get("response_metadata") or {}).get("next_cursor") or "")
