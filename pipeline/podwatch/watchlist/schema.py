"""The fields of watchlist.yaml, as pydantic models: each mapping's fields, their types and limits.

The names of the models and their descriptions stand in the JSON Schema, and so in docs/watchlist.schema.json.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from podwatch.watchlist import times


def _refuse_control_characters(text: str) -> str:
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text):
        raise ValueError("has a control character in it")
    return text


def _refuse_blanks(text: str) -> str:
    if " " in text or not text.isprintable():
        raise ValueError("should be one word, without blanks and control characters")
    return text


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000),
    AfterValidator(_refuse_control_characters),
]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_refuse_blanks)
]


def _parsed_by(read: Callable[[str], object]) -> AfterValidator:
    """Refuses what ``read`` raises ValueError for; the text stays as it is."""

    def check(text: str) -> str:
        read(text)
        return text

    return AfterValidator(check)


Pause = Annotated[Text, _parsed_by(times.parse_pause)]
Count = Annotated[int, Field(ge=1, le=10_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Sides(_Strict):
    tags: list[Text] = Field([], description="Tags of feeds: the folders of the OPML list, or feeds add --tag.")
    urls: list[Text] = Field([], description="Addresses of feeds.")
    languages: list[Text] = Field([], description="Languages of transcripts: en, de.")


class FeedScope(Sides):
    exclude: Sides = Field(Sides(), description="Feeds that are left out; this wins over what is included.")


Channel = Annotated[
    Text,
    Field(description='Where alerts go: "#channel" of Slack, mailto:..., webhook:NAME. In quotes: # is a comment.'),
]
Deliver = Annotated[
    Literal["each", "digest", "none"],
    Field(description="each: one message an alert. digest: collected. none: stored only."),
]
Minimum = Annotated[Count, Field(description="Nobody is told of fewer mentions in an episode.")]
SurgeType = Literal["person", "organisation", "place", "product", "event"]
RepeatAfter = Annotated[Pause, Field(description="What comes sooner after an alert of the watch waits: 30m, 12h, 2d.")]
SilentAfter = Annotated[
    Pause, Field(description="Its channel is told, once, when it has had no mention for so long: 14d, 2w.")
]


class Defaults(_Strict):
    channel: Channel = "#podcasts"
    deliver: Deliver = "each"
    minimum: Minimum = 1
    repeat_after: RepeatAfter | None = None
    silent_after: SilentAfter | None = None


class SurgeEntry(_Strict):
    types: Annotated[list[SurgeType], Field(min_length=1)] = Field(
        list(get_args(SurgeType)), description="What the names are of; all of these when nothing is said."
    )


class WatchEntry(_Strict):
    name: Name = Field(description="One word that nothing else in the list is called; it identifies the watch.")
    query: Text | None = Field(None, description="What to look for, in the watch language: see docs/queries.md.")
    entity: Text | None = Field(None, description="Somebody or something with a name. Instead of a query.")
    surge: SurgeEntry | None = Field(
        None, description="Names that suddenly are in many episodes, and that no watch is about. Instead of a query."
    )
    type: Literal["person", "organisation", "place", "product", "event", "other"] | None = Field(
        None, description="What the entity is."
    )
    aliases: list[Text] = Field(
        [], description="Other names of the entity; with sounds_like also the name as it is said (Keeva Neevgan)."
    )
    exclude: list[Text] = Field([], description="Spellings that are something else.")
    sounds_like: bool = Field(False, description="Also find what speech recognition makes of the names.")
    threshold: Annotated[float, Field(ge=0.5, le=1.0, strict=True)] | None = Field(
        None, description="How sure such a find has to be, from 0.5 to 1; with sounds_like."
    )
    skip: list[Literal["sponsor", "promotion", "repeated"]] = Field(
        [], description="Nobody is told of mentions that stand in such passages; they are stored."
    )
    feeds: FeedScope = Field(FeedScope(), description="Only these feeds; all of them when nothing is said.")
    channel: Channel | None = None
    deliver: Deliver | None = None
    minimum: Minimum | None = None
    repeat_after: RepeatAfter | None = None
    was: list[Name] = Field(
        [], description="Names that the watch had before: renamed, it keeps its mentions, and tells nothing again."
    )
    silent_after: SilentAfter | None = None


class ChannelEntry(_Strict):
    digest: Annotated[Text, _parsed_by(times.parse_digest_times)] | None = Field(
        None, description="When its digest goes out: daily 08:00 Europe/Berlin, weekdays 07:30, weekly mon,thu 09:00."
    )
    quiet: Annotated[Text, _parsed_by(times.parse_quiet_hours)] | None = Field(
        None, description="When nothing is posted: 22:00-07:00 Europe/Berlin."
    )
    ceiling: Count | None = Field(None, description="Messages an hour; beyond it the rest becomes one digest.")
    report: Annotated[Text, _parsed_by(times.parse_digest_times)] | None = Field(
        None,
        description="When a report of what was found, held and listened to goes out: weekly mon 08:00.",
    )


class Watchlist(_Strict):
    defaults: Defaults = Field(Defaults(), description="What a watch gets when it does not say otherwise.")
    channels: dict[Text, ChannelEntry] = Field({}, description="Rules of channels, by their names.")
    watches: list[Any] = Field(default_factory=list, description="What is listened for.")


FORMS: dict[str, type[_Strict]] = {
    c.__name__: c for c in (Sides, FeedScope, Defaults, ChannelEntry, SurgeEntry, WatchEntry, Watchlist)
}
