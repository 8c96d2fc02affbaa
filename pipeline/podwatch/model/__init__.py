"""The nouns of podwatch as frozen values: what the verbs pass around and the store keeps.

Every time is an aware UTC datetime, every second a float from the start of the episode's audio,
every span half-open in characters of ``Transcript.text``. An ``id`` of 0 means: not stored yet.
"""

from podwatch.model.answers import Answer, Change, Judged, Precision, Proposal, Verdict, fold, precision
from podwatch.model.backfills import Backfill, BackfillState, Past, Report
from podwatch.model.channels import ChannelRules, Quiet, Times
from podwatch.model.deliveries import Alert, Delivery, DeliveryKind, Digest, Held, Pace, State
from podwatch.model.entities import Entity, EntityType, Form, Known, Unread
from podwatch.model.feeds import Episode, Feed, FeedFacts, Person, Polled, Soundbite, TranscriptRef, Wanted
from podwatch.model.mutes import Mute
from podwatch.model.transcripts import Segment, Transcript, Words, clean, joined
from podwatch.model.watches import DeliverMode, Kind, Mention, Scope, Watch
from podwatch.model.work import ALL, Shard, Tally

__all__ = [
    "ALL",
    "Alert",
    "Answer",
    "Backfill",
    "BackfillState",
    "Change",
    "ChannelRules",
    "DeliverMode",
    "Delivery",
    "DeliveryKind",
    "Digest",
    "Entity",
    "EntityType",
    "Episode",
    "Feed",
    "FeedFacts",
    "Form",
    "Held",
    "Judged",
    "Kind",
    "Known",
    "Mention",
    "Mute",
    "Pace",
    "Past",
    "Person",
    "Polled",
    "Precision",
    "Proposal",
    "Quiet",
    "Report",
    "Scope",
    "Segment",
    "Shard",
    "Soundbite",
    "State",
    "Tally",
    "Times",
    "Transcript",
    "TranscriptRef",
    "Unread",
    "Verdict",
    "Wanted",
    "Watch",
    "Words",
    "clean",
    "fold",
    "joined",
    "precision",
]
