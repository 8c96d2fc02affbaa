"""podwatch slack: the process that receives presses of the buttons on Slack's cards."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING

from podwatch.commands.options import Json
from podwatch.commands.output import emit_json, open_runtime, print_stderr, strip_control, utc_now
from podwatch.errors import SettingsError

if TYPE_CHECKING:
    from podwatch.model import Answer


def slack(json: Json = False) -> None:
    """Hears the buttons on Slack's cards, until it is stopped.

    docs/slack.md says what it needs.

    Example: podwatch slack
    """
    from podwatch.line.answers import save_answer

    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    with open_runtime() as rt:
        s = rt.settings
        for name, token, kind in (
            ("SLACK_BOT_TOKEN", s.slack_token, "the bot token (xoxb-...)"),
            ("SLACK_APP_TOKEN", s.slack_app_token, "the app-level token (xapp-...) with connections:write"),
        ):
            if not token:
                raise SettingsError("is not set", where=name, todo=f"set it to {kind}, see docs/slack.md")
        from podwatch.notifiers.slack_socket_mode import ButtonListener  # slack_sdk, which no other command needs

        def save_and_print(answer: Answer) -> str:
            reply = save_answer(rt.store, answer, utc_now(), who=f"slack:{answer.user}")
            row = {"key": answer.key, "verdict": answer.verdict.value, "user": answer.user, "at": answer.at}
            emit_json({**row, "said": reply}) if json else print(strip_control(f"{answer.user}: {reply}"))
            sys.stdout.flush()
            return reply

        buttons = ButtonListener(
            s.slack_token, s.slack_app_token, s.slack_base_url, save_and_print, utc_now, proxy=s.slack_proxy
        )
        buttons.serve(stop, lambda team: print_stderr(f"podwatch slack: hears the buttons in {team}"))
