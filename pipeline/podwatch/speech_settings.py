"""The settings of `listen`: which feeds it listens to, how much a day, and with which recogniser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from podwatch.errors import SettingsError
from podwatch.secret import Secret
from podwatch.variables import read_choice, read_number, read_switch, read_text

DEVICES = ("auto", "cpu", "cuda")
COMPUTE_TYPES = ("auto", "int8", "int8_float16", "int8_float32", "int16", "float16", "bfloat16", "float32")

HEAR_AGAIN = "PODWATCH_HEAR_AGAIN"
WIDE = "wide"  # of it, beside on and off


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSettings:
    """docs/settings.md describes the variables.

    listen: whether feeds are listened to that say nothing else; tags: feeds with one of them are. newest: of a new feed
    only so many of its newest episodes. hours: of audio a day, at most; price: money an hour of audio, in the service's
    currency; money: a day, at most, None: no bound. recogniser: a name of speech.recognisers.RECOGNISERS. model: a name
    or a folder; models: the folder that models are kept in. compute: a type of
    CTranslate2. language: of all audio, "": as recognised. speakers: whether they are told apart by their voices.
    threads: 0: by hardware. url, key: of a service. max_bytes: of an audio file; max_hours: of talk in it. again:
    whether names in doubt are heard again; again_widely: as well where the text has hardly a trace of one;
    again_seconds: of audio a day for both.
    """

    listen: bool = False
    tags: tuple[str, ...] = ()
    newest: int = 3
    hours: float = 24.0
    price: float = 0.0
    money: float | None = None
    recogniser: str = "faster-whisper"
    model: str = "base"
    models: str = ""
    device: str = "auto"
    compute: str = "auto"
    language: str = ""
    speakers: bool = False
    threads: int = 0
    url: str = ""
    key: Secret = field(default_factory=lambda: Secret(""))
    max_bytes: int = 600 * 1024 * 1024
    max_hours: float = 12.0
    again: bool = False
    again_widely: bool = False
    again_seconds: float = 1800.0

    @property
    def may_listen(self) -> bool:
        """Whether a feed that says nothing itself may be listened to."""
        return self.listen or bool(self.tags)


def speech_settings(env: Mapping[str, str], home: Path) -> SpeechSettings:
    """The settings of PODWATCH_LISTEN* and PODWATCH_SPEECH_*; raises SettingsError with the variable's name."""
    default = SpeechSettings()
    url = read_text(env, "PODWATCH_SPEECH_URL")
    if url and not url.startswith(("https://", "http://")):
        raise SettingsError("is no http(s) address", where="PODWATCH_SPEECH_URL", todo="write https://...")
    money = read_text(env, "PODWATCH_LISTEN_MONEY")
    is_wide = read_text(env, HEAR_AGAIN).lower() == WIDE
    return SpeechSettings(
        listen=read_switch(env, "PODWATCH_LISTEN", default.listen),
        tags=tuple(tag for part in read_text(env, "PODWATCH_LISTEN_TAGS").split(",") if (tag := part.strip())),
        newest=int(read_number(env, "PODWATCH_LISTEN_NEWEST", default.newest)),
        hours=read_number(env, "PODWATCH_LISTEN_HOURS", default.hours),
        price=read_number(env, "PODWATCH_LISTEN_PRICE", default.price),
        money=read_number(env, "PODWATCH_LISTEN_MONEY", 0.0) if money else None,
        recogniser=read_text(env, "PODWATCH_SPEECH_RECOGNISER").lower() or default.recogniser,
        model=read_text(env, "PODWATCH_SPEECH_MODEL") or default.model,
        models=read_text(env, "PODWATCH_SPEECH_MODELS") or str(home / "models"),
        device=read_choice(env, "PODWATCH_SPEECH_DEVICE", DEVICES),
        compute=read_choice(env, "PODWATCH_SPEECH_COMPUTE", COMPUTE_TYPES),
        language=read_text(env, "PODWATCH_SPEECH_LANGUAGE").lower(),
        speakers=read_switch(env, "PODWATCH_SPEECH_SPEAKERS", default.speakers),
        threads=int(read_number(env, "PODWATCH_SPEECH_THREADS", default.threads)),
        url=url,
        key=Secret(read_text(env, "PODWATCH_SPEECH_KEY")),
        max_bytes=int(read_number(env, "PODWATCH_LISTEN_MAX_MB", default.max_bytes / 2**20) * 2**20),
        max_hours=read_number(env, "PODWATCH_LISTEN_MAX_HOURS", default.max_hours),
        again=is_wide or read_switch(env, HEAR_AGAIN, default.again),
        again_widely=is_wide,
        again_seconds=read_number(env, "PODWATCH_HEAR_AGAIN_SECONDS", default.again_seconds),
    )
