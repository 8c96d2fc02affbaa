"""What each of Slack's errors means for an alert: whether it may have arrived, whether a retry helps, what to do.

The codes are those of docs.slack.dev/reference/methods/chat.postMessage (Errors) and conversations.history.
"""

from __future__ import annotations

import re
import socket
import ssl
import urllib.error
from enum import Enum
from types import MappingProxyType
from typing import Any

from slack_sdk.errors import SlackApiError

from podwatch.errors import ChannelError
from podwatch.notifiers import cap_wait


class Fault(Enum):
    """Whose fault a refusal is; the value says (may have arrived, a retry may help).

    For ROUTE and TOKEN it does once somebody has mended what is wrong: the alert waits for that.
    """

    MESSAGE = (False, False, "this message, for good")
    ROUTE = (False, True, "this channel, until somebody mends it")
    TOKEN = (False, True, "every channel, until somebody mends it")
    BUSY = (False, True, "nobody's: later")
    UNKNOWN = (True, True, "Slack may have posted the message before it failed")


_RENEW = "set a new SLACK_BOT_TOKEN"
_BOT_TODO = "use a bot token (xoxb-...)"
_OWNER_TODO = "ask an owner of the workspace to allow the app to post"

# Slack's code -> (whose fault, what it means, what to do)
CODES = MappingProxyType(
    {
        "channel_not_found": (
            Fault.ROUTE,
            "there is no such channel, or the app cannot see it",
            "create the channel or mend the watchlist; if it is private, invite the app: /invite @podwatch",
        ),
        "not_in_channel": (Fault.ROUTE, "the app is not in the channel", "invite the app: /invite @podwatch"),
        "is_archived": (Fault.ROUTE, "the channel is archived", "unarchive it or mend the watchlist"),
        "user_not_found": (
            Fault.ROUTE,
            "there is no one member of that name",
            "write the member id (U...) in the watchlist",
        ),
        "cannot_dm_bot": (Fault.ROUTE, "a bot takes no messages", "mend the watchlist"),
        "messages_tab_disabled": (Fault.ROUTE, "the app's messages tab is off", "switch it on in the app's settings"),
        "restricted_action": (Fault.ROUTE, "a setting of the workspace forbids posting here", _OWNER_TODO),
        "restricted_action_read_only_channel": (Fault.ROUTE, "the channel is read-only", _OWNER_TODO),
        "restricted_action_thread_only_channel": (Fault.ROUTE, "the channel takes only replies", _OWNER_TODO),
        "restricted_action_non_threadable_channel": (Fault.ROUTE, "the channel takes no threads", _OWNER_TODO),
        "ekm_access_denied": (Fault.ROUTE, "an administrator has suspended posting", _OWNER_TODO),
        "no_permission": (Fault.ROUTE, "the app may not do this", "add the scope {scope} to the app, install it again"),
        "missing_scope": (Fault.ROUTE, "the app lacks a scope", "add the scope {scope} to the app, install it again"),
        "invalid_auth": (Fault.TOKEN, "Slack does not know the token", _RENEW),
        "not_authed": (Fault.TOKEN, "Slack saw no token", _RENEW),
        "token_revoked": (Fault.TOKEN, "the token was revoked", _RENEW),
        "token_expired": (Fault.TOKEN, "the token has expired", _RENEW),
        "account_inactive": (Fault.TOKEN, "the app was removed", "install it again and " + _RENEW),
        "not_allowed_token_type": (Fault.TOKEN, "this kind of token may not post", _BOT_TODO),
        "access_denied": (Fault.TOKEN, "Slack denies the app access", _OWNER_TODO),
        "accesslimited": (Fault.TOKEN, "the workspace allows no access from this network", _OWNER_TODO),
        "team_access_not_granted": (Fault.TOKEN, "the app has no access to this workspace", _OWNER_TODO),
        "msg_too_long": (Fault.MESSAGE, "the message is too long", ""),
        "msg_blocks_too_long": (Fault.MESSAGE, "the blocks are too long", ""),
        "invalid_blocks": (Fault.MESSAGE, "Slack cannot read the blocks", ""),
        "invalid_blocks_format": (Fault.MESSAGE, "Slack cannot read the blocks", ""),
        "no_text": (Fault.MESSAGE, "the message is empty", ""),
        "invalid_arguments": (Fault.MESSAGE, "Slack cannot read the message", ""),
        "invalid_metadata_format": (Fault.MESSAGE, "Slack does not take the metadata", ""),
        "invalid_metadata_schema": (Fault.MESSAGE, "Slack does not take the metadata", ""),
        "metadata_must_be_sent_from_app": (Fault.MESSAGE, "only an app may send metadata", _BOT_TODO),
        "metadata_too_large": (Fault.MESSAGE, "Slack does not take the metadata", ""),
        "message_not_found": (Fault.MESSAGE, "the message was removed", ""),
        "thread_not_found": (Fault.MESSAGE, "the message of the thread was removed", ""),
        "cant_update_message": (Fault.MESSAGE, "the message is not podwatch's own", ""),
        "cant_delete_message": (Fault.MESSAGE, "the message is not podwatch's own", ""),
        "edit_window_closed": (Fault.MESSAGE, "the workspace no longer lets it be edited", ""),
        "ratelimited": (Fault.BUSY, "Slack asks to slow down", ""),
        "rate_limited": (Fault.BUSY, "Slack asks to slow down", ""),
        "message_limit_exceeded": (Fault.BUSY, "the workspace has reached its limit of messages", ""),
        "org_login_required": (Fault.BUSY, "the workspace is being moved", ""),
        "team_added_to_org": (Fault.BUSY, "the workspace is being moved", ""),
        "internal_error": (Fault.UNKNOWN, "Slack failed", ""),
        "fatal_error": (Fault.UNKNOWN, "Slack failed", ""),
        "service_unavailable": (Fault.UNKNOWN, "Slack failed", ""),
        "request_timeout": (Fault.UNKNOWN, "Slack did not get the whole request", ""),
    }
)
# With these Slack refuses the blocks: the same alert as plain text may pass.
BLOCK_ERRORS = frozenset({"msg_too_long", "msg_blocks_too_long", "invalid_blocks", "invalid_blocks_format"})

_CODE = re.compile(r"[a-z][a-z0-9_.]{0,59}")
_SCOPES = re.compile(r"[a-z:._,|]{1,200}")


class SlackError(ChannelError):
    """A ChannelError with Slack's code ("" when there was none) and whose fault it is."""

    def __init__(
        self, fault: Fault, what: str, *, code: str = "", where: str = "", todo: str = "", wait: float | None = None
    ) -> None:
        unknown, retry, _ = fault.value
        super().__init__(
            what,
            where=where,
            todo=todo,
            retryable=retry,
            outcome_unknown=unknown,
            route=fault in (Fault.ROUTE, Fault.TOKEN),
            # A code that nobody knows may be about this message: it must not stand in the way of the others.
            busy=fault is Fault.UNKNOWN or (fault is Fault.BUSY and (not code or code in CODES)),
            service=fault is Fault.TOKEN,
            retry_after=wait,
        )
        self.fault, self.code = fault, code


def error_from_exception(error: Exception, channel: str, host: str, scope: str) -> SlackError:
    """What an exception of slack_sdk means, for a call about ``channel`` to ``host`` that needs ``scope``.

    Nothing of the error's own words is repeated: slack_sdk quotes bodies, http.client quotes a bad token.
    """
    if isinstance(error, SlackApiError):
        return _error_from_response(error, channel, scope)
    if isinstance(error, urllib.error.URLError):
        reason = error.reason
        if isinstance(reason, ConnectionRefusedError):
            return SlackError(Fault.BUSY, f"{host} refuses connections", where=channel)
        if isinstance(reason, socket.gaierror):
            return SlackError(Fault.BUSY, f"{host} has no address", where=channel, todo="check the network and its DNS")
        if isinstance(reason, ssl.SSLCertVerificationError):
            todo = "check the clock and the certificates of this machine (SSL_CERT_FILE)"
            return SlackError(Fault.BUSY, f"the certificate of {host} cannot be verified", where=channel, todo=todo)
        # urllib wraps what happened while connecting and while writing alike, so anything else may have arrived.
        return SlackError(Fault.UNKNOWN, f"the connection to {host} broke ({type(reason).__name__})", where=channel)
    # A time-out, a reset; even an AttributeError, when slack_sdk meets an answer of a shape it does not know.
    return SlackError(Fault.UNKNOWN, f"no usable answer from {host} ({type(error).__name__})", where=channel)


def error_from_code(code: str, channel: str, scope: str, wait: float | None = None) -> SlackError:
    """What this code of Slack's means for a call that needs ``scope``. A code that nobody knows may pass by itself."""
    fault, what, todo = CODES.get(code, (Fault.BUSY, "Slack refuses", ""))
    return SlackError(fault, f"{what} ({code})", code=code, where=channel, todo=todo.format(scope=scope), wait=wait)


def _error_from_response(error: SlackApiError, channel: str, scope: str) -> SlackError:
    status = int(getattr(error.response, "status_code", 0) or 0)
    data: Any = getattr(error.response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    code = code if isinstance(code, str) and _CODE.fullmatch(code) else ""
    wait = _wait(getattr(error.response, "headers", None))
    if status == 429:
        return error_from_code(code or "ratelimited", channel, scope, wait)
    if status >= 500:
        return SlackError(Fault.UNKNOWN, f"Slack failed (HTTP {status})", code=code, where=channel, wait=wait)
    if code:
        needed = data.get("needed")
        known = isinstance(needed, str) and _SCOPES.fullmatch(needed)
        return error_from_code(code, channel, needed if known else scope, wait)
    if status >= 400:
        todo = "check PODWATCH_SLACK_BASE_URL and the proxies on the way"
        return SlackError(Fault.BUSY, f"this is not Slack's answer (HTTP {status})", where=channel, todo=todo)
    return SlackError(Fault.UNKNOWN, "the answer is not Slack's", where=channel, todo="check the proxies on the way")


def _wait(headers: Any) -> float | None:
    """Seconds of a Retry-After header (Slack sends whole seconds); None when there is none to be made out."""
    raw = next((str(v) for k, v in dict(headers or {}).items() if str(k).lower() == "retry-after"), "")
    return cap_wait(float(raw)) if raw.isascii() and raw.isdigit() else None
