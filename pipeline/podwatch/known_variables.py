"""The environment variables of podwatch, so that one that is mistyped is said instead of ignored. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

_PREFIX = "PODWATCH_"
_TESTS = "PODWATCH_REAL_"  # where the tests find feeds and transcripts of others
# docs/settings.md describes them; a test holds the two together, and with what reads them.
KNOWN_VARIABLES = frozenset(
    {
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        *(
            _PREFIX + name
            for name in (
                "ALLOW_ADDRESSES",
                "APPLE_LOOKUP",
                "BACKFILL_SHARDS",
                "DELIVER_POOL",
                "DETECT_POOL",
                "FETCH_POOL",
                "POLL_POOL",
                "RUN_SECONDS",
                "SHARDS",
                "CONCURRENCY",
                "CONSOLE",
                "CONTACT",
                "DATABASE_URL",
                "DELIVER_SCHEDULE",
                "ENTITIES",
                "FERNET_KEY",
                "FIRST_POLL",
                "GRAFANA_PORT",
                "HEARTBEAT_FAIL",
                "HEARTBEAT_URL",
                "HEAR_AGAIN",
                "HEAR_AGAIN_SECONDS",
                "HOME",
                "HOST_PAUSE",
                "IMAGE",
                "JWT_SECRET",
                "KEEP",
                "LISTEN",
                "LISTEN_HOURS",
                "LISTEN_MAX_HOURS",
                "LISTEN_MAX_MB",
                "LISTEN_MONEY",
                "LISTEN_NEWEST",
                "LISTEN_PARALLEL",
                "LISTEN_POOL",
                "LISTEN_PRICE",
                "LISTEN_QUEUE",
                "LISTEN_SCHEDULE",
                "LISTEN_TAGS",
                "LISTEN_TASKS",
                "LIVE_DAYS",
                "MAIL_FROM",
                "MAIL_UNSUBSCRIBE",
                "MCP_TOKEN",
                "METRICS_TOKEN",
                "MIGRATE",
                "OPERATIONS_CHANNEL",
                "PAGE_TOKEN",
                "PAGE_URL",
                "POLL_FLOOR",
                "POLL_THREADS",
                "PORT",
                "RETRY_DELAY",
                "SAMPLE_PORT",
                "SCHEDULE",
                "SECRET_KEY",
                "SECRET_KEY_FILE",
                "SESSION_SECRET",
                "SITE",
                "SLACK_BASE_URL",
                "SLACK_PROXY",
                "SLACK_TIMEOUT",
                "SMTP_HELO",
                "SMTP_URL",
                "SMTP_URL_FILE",
                "SPEECH_COMPUTE",
                "SPEECH_DEVICE",
                "SPEECH_IMAGE",
                "SPEECH_KEY",
                "SPEECH_LANGUAGE",
                "SPEECH_MODEL",
                "SPEECH_MODELS",
                "SPEECH_RECOGNISER",
                "SPEECH_SPEAKERS",
                "SPEECH_THREADS",
                "SPEECH_URL",
                "WATCHLIST",
                "WEBHOOKS",
                "WEBHOOK_SECRET",
                "WORKERS",
            )
        ),
    }
)


def unknown_variables(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that look like podwatch's and are none, each with the name that it is likely meant to be, or "".

    One without a value changes nothing, and is not counted.
    """
    found = {}
    for name in sorted(env):
        upper = name.upper()
        if (
            not upper.startswith(_PREFIX)
            or upper.startswith(_TESTS)
            or name in KNOWN_VARIABLES
            or not env[name].strip()
        ):
            continue
        found[name] = _likely_meant(upper)
    return found


def describe_unknown(env: Mapping[str, str]) -> str:
    """One line about all of them; "" when there is none. No value is shown."""
    unknown = unknown_variables(env).items()
    said = ", ".join(f"{name} (did you mean {meant}?)" if meant else name for name, meant in unknown)
    return f"ignored, since podwatch has no such settings: {said} - see docs/settings.md" if said else ""


def _likely_meant(name: str) -> str:
    """The known name that is most like it, by its letters, or by its words in whatever order."""
    candidates = sorted(KNOWN_VARIABLES)
    rest = name.removeprefix(_PREFIX)
    if name in KNOWN_VARIABLES or rest in KNOWN_VARIABLES:
        return name if name in KNOWN_VARIABLES else rest
    words = {known: sorted(known.removeprefix(_PREFIX).split("_")) for known in candidates}
    same_words = [known for known in candidates if words[known] == sorted(rest.split("_"))]
    by_rest = {known.removeprefix(_PREFIX): known for known in candidates}
    near = difflib.get_close_matches(rest, by_rest, 1, 0.7)
    return next(iter([*same_words, *(by_rest[n] for n in near)]), "")
