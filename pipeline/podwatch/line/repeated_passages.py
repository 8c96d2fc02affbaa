"""Which passages of a transcript are boilerplate, as far as the other episodes of its feed say today.

What a transcript says of itself was worked out when it was fetched; what other episodes repeat is counted once a feed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from podwatch.model import Mention, Transcript
from podwatch.store.database import Store
from podwatch.store.detect import TranscriptSource
from podwatch.transcripts.labels.boilerplate import (
    FeedShingles,
    Passage,
    add_repeated,
    label_mentions,
    label_passages,
    select_shingles,
    unpack_labels,
)

RECENT = 30  # other transcripts of the same feed in which a passage may be repeated
FEEDS = 100  # whose passages are held at a time


class PassageLabeller:
    """The labels of stored transcripts, during one run."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._feeds: OrderedDict[int, FeedShingles] = OrderedDict()

    def label_mentions(self, source: TranscriptSource, found: Sequence[Mention]) -> Sequence[Mention]:
        """The mentions, each with the label of the boilerplate that it stands in."""
        if not found:
            return found
        stretches, numbers = unpack_labels(source.labels)
        repeated = self._repeated(source.episode.feed_id, source.episode.id, numbers)
        return label_mentions(found, add_repeated(source.transcript.text, stretches, repeated))

    def passages_of(self, feed_id: int, transcript: Transcript) -> tuple[Passage, ...]:
        """The boilerplate of a transcript."""
        return label_passages(transcript, self._repeated(feed_id, transcript.episode_id, select_shingles(transcript)))

    def _repeated(self, feed_id: int, episode_id: int, numbers: Iterable[int]) -> frozenset[int]:
        passages = self._feeds.pop(feed_id, None)
        if passages is None:
            passages = FeedShingles(self._store.labels_of_feed(feed_id, RECENT + 1))
            if len(self._feeds) >= FEEDS:
                self._feeds.popitem(last=False)
        self._feeds[feed_id] = passages
        return passages.find_repeated(episode_id, numbers)
