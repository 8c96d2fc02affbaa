"""The nouns of podwatch as frozen values, which the verbs exchange and the store saves.

Every time is an aware UTC datetime, every second a float from the start of the episode's audio,
every span half-open in characters of ``Transcript.text``. An ``id`` of 0 means: not stored yet.

A name is imported when it is first asked for: forty dataclasses take as long to make as the command line to start.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from podwatch.model.answers import (
        Answer,
        Change,
        Precision,
        Proposal,
        StandingVerdict,
        Verdict,
        fold_spelling,
        measure_precision,
    )
    from podwatch.model.backfills import Backfill, BackfillRange, BackfillReport, BackfillState
    from podwatch.model.channels import ChannelRules, QuietHours, Schedule, canonical_channel
    from podwatch.model.coverage import (
        Coverage,
        CoverageFacts,
        EpisodeCount,
        EpisodeDoubt,
        FollowedFeed,
        HearingCounts,
        NotListened,
        Period,
    )
    from podwatch.model.deliveries import Alert, Delivery, DeliveryKind, DeliveryState, Digest, HoldReason, Report
    from podwatch.model.entities import Entity, EntityType, Form, KnownName, UnreadReason
    from podwatch.model.feeds import (
        Chapter,
        Episode,
        Feed,
        FeedFacts,
        Person,
        PollResult,
        Soundbite,
        TranscriptRef,
        TranscriptRequest,
    )
    from podwatch.model.hearings import Doubt, Hearing, HearingOutcome
    from podwatch.model.mutes import Mute
    from podwatch.model.search import Needed, NeededToken, NeedsAll, NeedsAny, SearchTokens
    from podwatch.model.speech import (
        SPEECH,
        ListenRequest,
        RecognisedChunk,
        RecognisedSegment,
        RecognisedWord,
        VoiceWindow,
    )
    from podwatch.model.transcripts import (
        GUESSED,
        Segment,
        Transcript,
        Words,
        clean_text,
        guessed_charset,
        join_segments,
    )
    from podwatch.model.watches import DeliverMode, Kind, Mention, Scope, Watch
    from podwatch.model.work import ALL, Shard, Tally

__all__ = [
    "ALL",
    "GUESSED",
    "SPEECH",
    "Alert",
    "Answer",
    "Backfill",
    "BackfillRange",
    "BackfillReport",
    "BackfillState",
    "Change",
    "ChannelRules",
    "Chapter",
    "Coverage",
    "CoverageFacts",
    "DeliverMode",
    "Delivery",
    "DeliveryKind",
    "DeliveryState",
    "Digest",
    "Doubt",
    "Entity",
    "EntityType",
    "Episode",
    "EpisodeCount",
    "EpisodeDoubt",
    "Feed",
    "FeedFacts",
    "FollowedFeed",
    "Form",
    "Hearing",
    "HearingCounts",
    "HearingOutcome",
    "HoldReason",
    "Kind",
    "KnownName",
    "ListenRequest",
    "Mention",
    "Mute",
    "Needed",
    "NeededToken",
    "NeedsAll",
    "NeedsAny",
    "NotListened",
    "Period",
    "Person",
    "PollResult",
    "Precision",
    "Proposal",
    "QuietHours",
    "RecognisedChunk",
    "RecognisedSegment",
    "RecognisedWord",
    "Report",
    "Schedule",
    "Scope",
    "SearchTokens",
    "Segment",
    "Shard",
    "Soundbite",
    "StandingVerdict",
    "Tally",
    "Transcript",
    "TranscriptRef",
    "TranscriptRequest",
    "UnreadReason",
    "Verdict",
    "VoiceWindow",
    "Watch",
    "Words",
    "canonical_channel",
    "clean_text",
    "fold_spelling",
    "guessed_charset",
    "join_segments",
    "measure_precision",
]

_NAMES = {  # of each module, as imported above for the type checker; a test holds the two together
    "answers": "Answer Change Precision Proposal StandingVerdict Verdict fold_spelling measure_precision",
    "backfills": "Backfill BackfillRange BackfillReport BackfillState",
    "channels": "ChannelRules QuietHours Schedule canonical_channel",
    "coverage": "Coverage CoverageFacts EpisodeCount EpisodeDoubt FollowedFeed HearingCounts NotListened Period",
    "deliveries": "Alert Delivery DeliveryKind DeliveryState Digest HoldReason Report",
    "entities": "Entity EntityType Form KnownName UnreadReason",
    "feeds": "Chapter Episode Feed FeedFacts Person PollResult Soundbite TranscriptRef TranscriptRequest",
    "hearings": "Doubt Hearing HearingOutcome",
    "mutes": "Mute",
    "search": "Needed NeededToken NeedsAll NeedsAny SearchTokens",
    "speech": "SPEECH ListenRequest RecognisedChunk RecognisedSegment RecognisedWord VoiceWindow",
    "transcripts": "GUESSED Segment Transcript Words clean_text guessed_charset join_segments",
    "watches": "DeliverMode Kind Mention Scope Watch",
    "work": "ALL Shard Tally",
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
