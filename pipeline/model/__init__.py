"""The nouns of podwatch as frozen values: what the verbs pass around and the store keeps.

Every time is an aware UTC datetime, every second a float from the start of the episode's audio,
every span half-open in characters of ``Transcript.text``. An ``id`` of 0 means: not stored yet.
"""

from pipeline.model.answers import Answer, Change, Judged, Precision, Proposal, Verdict, fold, precision
from pipeline.model.backfills import Backfill, BackfillState, Past, Report
from pipeline.model.channels import ChannelRules, Quiet, Times
from pipeline.model.deliveries import Alert, Delivery, DeliveryKind, Digest, Held, Pace, State
from pipeline.model.entities import Entity, EntityType, Form, Known, Unread
from pipeline.model.feeds import Episode, Feed, FeedFacts, Person, Polled, Soundbite, TranscriptRef, Wanted
from pipeline.model.mutes import Mute
from pipeline.model.transcripts import Segment, Transcript, Words, clean, joined
from pipeline.model.watches import DeliverMode, Kind, Mention, Scope, Watch
from pipeline.model.work import ALL, Shard, Tally

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
