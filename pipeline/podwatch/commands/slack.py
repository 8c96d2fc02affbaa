"""podwatch slack: the small process that hears the buttons on Slack's cards."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType

from podwatch.commands.output import Json, emit, now, plain, runtime, say
from podwatch.errors import SettingsError
from podwatch.line.answers import save_answer
from podwatch.model import Answer


def slack(json: Json = False) -> None:
    """Hears the buttons on Slack's cards, until it is stopped (Ctrl-C); docs/slack.md says what it needs."""
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    with runtime() as rt:
        s = rt.settings
        for name, token, kind in (
            ("SLACK_BOT_TOKEN", s.slack_token, "the bot token (xoxb-...)"),
            ("SLACK_APP_TOKEN", s.slack_app_token, "the app-level token (xapp-...) with connections:write"),
        ):
            if not token:
                raise SettingsError("is not set", where=name, todo=f"set it to {kind}, see docs/slack.md")
        from podwatch.notifiers.slack_socket_mode import ButtonListener  # slack_sdk, which no other command needs

        def noted(answer: Answer) -> str:
            said = save_answer(rt.store, answer, now())
            row = {"key": answer.key, "verdict": answer.verdict.value, "user": answer.user, "at": answer.at}
            emit({**row, "said": said}) if json else print(plain(f"{answer.user}: {said}"))
            sys.stdout.flush()
            return said

        buttons = ButtonListener(s.slack_token, s.slack_app_token, s.slack_base_url, noted, now)
        buttons.serve(stop, lambda team: say(f"podwatch slack: hears the buttons in {team}"))
