"""The form of watchlist.yaml as a JSON Schema, so that editors complete it and point at mistakes while it is typed.

Made from the forms that watchlist.py reads with; docs/watchlist.schema.json holds it for those who write.
"""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from pipeline.watchlist import WatchEntry, Watchlist

# What _watch() in watchlist.py refuses, and a form alone does not say.
_ONE_OF_TWO = {
    "oneOf": [{"required": ["query"]}, {"required": ["entity"]}],
    "if": {"required": ["query"]},
    "then": {"properties": {"aliases": {"maxItems": 0}, "sounds_like": {"const": False}}},
}


class Watch(WatchEntry):
    """One thing to look for: a query or an entity."""

    model_config = ConfigDict(json_schema_extra=_ONE_OF_TWO)  # type: ignore[typeddict-item]


class WatchlistForm(Watchlist):
    """What podwatch listens for."""

    model_config = ConfigDict(title="Watchlist of podwatch")
    watches: list[Watch] = Field(description="What is listened for.")


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a watchlist."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **WatchlistForm.model_json_schema()}
