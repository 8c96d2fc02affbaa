"""The nouns of podwatch as frozen values: what the verbs pass around and the store keeps.

Every time is an aware UTC datetime, every second a float from the start of the episode's audio,
every span half-open in characters of ``Transcript.text``. An ``id`` of 0 means: not stored yet.
"""

from pipeline.model.backfills import Backfill, BackfillState, Past, Report
from pipeline.model.deliveries import Alert, Delivery, Held, State
from pipeline.model.feeds import Episode, Feed, FeedFacts, Person, Polled, Soundbite, TranscriptRef, Wanted
from pipeline.model.transcripts import Segment, Transcript, Words, clean, joined
from pipeline.model.watches import DeliverMode, Kind, Mention, Scope, Watch
from pipeline.model.work import ALL, Shard, Tally

__all__ = [
    "ALL",
    "Alert",
    "Backfill",
    "BackfillState",
    "DeliverMode",
    "Delivery",
    "Episode",
    "Feed",
    "FeedFacts",
    "Held",
    "Kind",
    "Mention",
    "Past",
    "Person",
    "Polled",
    "Report",
    "Scope",
    "Segment",
    "Shard",
    "Soundbite",
    "State",
    "Tally",
    "Transcript",
    "TranscriptRef",
    "Wanted",
    "Watch",
    "Words",
    "clean",
    "joined",
]
