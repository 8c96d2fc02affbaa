"""Which passages of a stored transcript are boilerplate: by their wording, or repeated by other episodes.

The first was decided when it was fetched, and is stored; repetitions are counted from the store, once a feed and run.
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

RECENT = 30  # newest other transcripts of a feed that are compared
MAX_FEEDS = 100  # whose shingles are kept in memory, the least recently used is dropped


class PassageLabeller:
    """Labels what is in boilerplate, during one run."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._feeds: OrderedDict[int, FeedShingles] = OrderedDict()

    def label_mentions(self, source: TranscriptSource, mentions: Sequence[Mention]) -> Sequence[Mention]:
        """The mentions, each with the label of the passage that it stands in; None outside boilerplate.

        Those in what a recogniser made up are left out.
        """
        if not mentions:
            return mentions
        passages, shingles = unpack_labels(source.labels)
        repeated = self._repeated_shingles(source.episode.feed_id, source.episode.id, shingles)
        return label_mentions(mentions, add_repeated(source.transcript.text, passages, repeated))

    def passages_of(self, feed_id: int, transcript: Transcript) -> tuple[Passage, ...]:
        """The boilerplate of a transcript."""
        shingles = select_shingles(transcript)
        return label_passages(transcript, self._repeated_shingles(feed_id, transcript.episode_id, shingles))

    def _repeated_shingles(self, feed_id: int, episode_id: int, shingles: Iterable[int]) -> frozenset[int]:
        of_feed = self._feeds.pop(feed_id, None)
        if of_feed is None:
            of_feed = FeedShingles(self._store.labels_of_feed(feed_id, RECENT + 1))
            if len(self._feeds) >= MAX_FEEDS:
                self._feeds.popitem(last=False)
        self._feeds[feed_id] = of_feed  # now the most recently used
        return of_feed.find_repeated(episode_id, shingles)
