"""The form of watchlist.yaml as a JSON Schema, so that editors complete it and point at mistakes while it is typed.

Made from the models that the loader validates with; docs/watchlist.schema.json holds it for those who write one.
"""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from podwatch.watchlist.plain_entries import NOT_WITH_SURGE
from podwatch.watchlist.schema import WatchEntry, Watchlist

# What the loader refuses beyond the forms. The docstrings of both models below are descriptions in the schema.
_NO_LANGUAGES = {"languages": {"maxItems": 0}}
_ONE_OF_THREE = {
    "oneOf": [{"required": ["query"]}, {"required": ["entity"]}, {"required": ["surge"]}],
    "allOf": [
        {
            "if": {"required": ["query"]},
            "then": {"properties": {"aliases": {"maxItems": 0}, "sounds_like": {"const": False}}},
        },
        {
            "if": {"required": ["surge"]},
            "then": {
                "properties": {
                    **dict.fromkeys(NOT_WITH_SURGE, False),
                    "feeds": {"properties": {**_NO_LANGUAGES, "exclude": {"properties": _NO_LANGUAGES}}},
                }
            },
        },
    ],
}


class Watch(WatchEntry):
    """One thing to look for: a query, an entity or a surge."""

    model_config = ConfigDict(json_schema_extra=_ONE_OF_THREE)  # type: ignore[typeddict-item]


class WatchlistForm(Watchlist):
    """What podwatch listens for."""

    model_config = ConfigDict(title="Watchlist of podwatch")
    watches: list[Watch] = Field(description="What is listened for.")


def build_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a watchlist."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **WatchlistForm.model_json_schema()}
