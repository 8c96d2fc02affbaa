"""Several mistakes of one form, as one exception."""

from __future__ import annotations

from podwatch.errors import WatchlistError


class Mistakes(Exception):
    """What is wrong with a form of a watchlist."""

    def __init__(self, errors: list[WatchlistError]) -> None:
        super().__init__(errors)
        self.errors = errors
