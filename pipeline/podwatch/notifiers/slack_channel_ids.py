"""Turns the ``#name`` or ``@name`` of a watchlist into Slack's own id, which history and compatible servers want."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from podwatch.model.channels import SLACK_ID
from podwatch.notifiers.slack_errors import SlackError, error_from_code

_PAGE_SIZE = 1000  # Slack's largest; a workspace may have 20,000 channels, and 20 pages a minute are allowed


class ChannelDirectory:
    """The channels and members of one workspace, read page by page as far as a name needs.

    What was read is kept, and so is the cursor: when Slack says slow down in the middle of a large workspace, the next
    lookup goes on from there. For several threads; one of them reads for all.
    call: (method, channel, scope, params=...) -> Slack's answer; raises SlackError.
    """

    def __init__(self, call: Callable[..., dict[str, Any]]) -> None:
        self._call = call
        self._lock = threading.Lock()
        self._ids: dict[str, str] = {}
        self._cursor: str | None = ""  # None: read to the end
        self._types = "public_channel,private_channel"

    def id(self, channel: str) -> str | None:
        """Slack's id of a channel or member; None when the app lacks the scope to look it up.

        Raises SlackError: channel_not_found, user_not_found, or whatever kept Slack from answering.
        """
        if SLACK_ID.fullmatch(channel):
            return channel
        with self._lock:
            return self._look_up(channel)

    def _look_up(self, channel: str) -> str | None:
        if channel.startswith("@"):
            if channel not in self._ids:
                self._ids[channel] = self._open_conversation(channel)
            return self._ids[channel]
        name = _channel_name(channel)
        try:
            while name not in self._ids and self._cursor is not None:
                self._read_page(channel)
        except SlackError as e:
            if e.code != "missing_scope":
                raise
            return None
        if name not in self._ids:
            self._cursor = ""  # it may be created meanwhile
            raise error_from_code("channel_not_found", channel, "channels:read")
        return self._ids[name]

    def forget(self, channel: str) -> None:
        """Has a name looked up anew: its channel is archived, or gone."""
        with self._lock:
            if self._ids.pop(channel if channel.startswith("@") else _channel_name(channel), None):
                self._cursor = ""

    def _read_page(self, channel: str) -> None:
        params = {"limit": _PAGE_SIZE, "cursor": self._cursor, "types": self._types}
        try:
            page = self._call("conversations.list", channel, "channels:read", params=params)
        except SlackError as e:
            if e.code == "missing_scope" and "private" in self._types:
                self._types = "public_channel"  # without groups:read the public ones can still be had
                return
            if e.code == "invalid_cursor":
                self._cursor = ""
            raise
        for listed in page.get("channels") or ():
            # An archived channel gives way to a living one of its name.
            if not listed.get("is_archived") or listed["name"] not in self._ids:
                self._ids[str(listed["name"])] = str(listed["id"])
        self._cursor = next_cursor(page) or None

    def _open_conversation(self, channel: str) -> str:
        """The direct conversation with a member, who is named by handle, or by a display name that is only theirs."""
        wanted = channel[1:].lower()
        by_handle, by_display_name = set(), set()
        for member in self._members(channel):
            if member.get("deleted"):
                continue
            if str(member.get("name", "")).lower() == wanted:
                by_handle.add(str(member["id"]))
            if str((member.get("profile") or {}).get("display_name", "")).lower() == wanted:
                by_display_name.add(str(member["id"]))
        members = by_handle or by_display_name
        if len(members) != 1:
            raise error_from_code("user_not_found", channel, "users:read")
        opened = self._call("conversations.open", channel, "im:write", params={"users": members.pop()})
        return str(opened["channel"]["id"])

    def _members(self, channel: str) -> Iterator[dict[str, Any]]:
        cursor = ""
        while True:
            page = self._call("users.list", channel, "users:read", params={"limit": _PAGE_SIZE, "cursor": cursor})
            yield from page.get("members") or ()
            if not (cursor := next_cursor(page)):
                return


def next_cursor(page: dict[str, Any]) -> str:
    """Where the next page of Slack's answer begins; "" when this was the last."""
    return str((page.get("response_metadata") or {}).get("next_cursor") or "")


def _channel_name(channel: str) -> str:
    return channel.removeprefix("#").lower()  # Slack's channel names are lower case
