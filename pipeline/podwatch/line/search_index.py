"""Fills the search index: with each transcript that is stored, and step by step with those from before."""

from __future__ import annotations

from collections.abc import Callable

from podwatch.model import SearchTokens
from podwatch.query.narrowing import index_tokens
from podwatch.store.database import Store
from podwatch.store.packing import unpack
from podwatch.store.search import STALE_SHARE

PAGE = 100  # transcripts indexed in one transaction


def tokens_of(body: bytes) -> SearchTokens:
    """The tokens of a packed transcript."""
    return index_tokens(unpack(body)[0])


def index_transcripts(
    store: Store, progress: Callable[[int, int], None] = lambda done, of: None, most: int | None = None
) -> int:
    """Indexes what is not yet; returns how much that was. What one page has saved, no later run does again.

    most: stop when so many are done. progress: called with (how many are done, of how many).
    """
    state = store.index_state()
    if state.stale > STALE_SHARE * max(PAGE, state.indexed):
        store.clear_index()
        state = store.index_state()
    of = state.transcripts - state.indexed
    of = of if most is None else min(of, most)
    done = 0
    while done < of and (found := store.texts_to_index(min(PAGE, of - done))):
        done += store.save_index([(read, index_tokens(read.text)) for read in found])
        progress(done, of)
    return done
