"""A watch as its entry in a watchlist, without the secrets of addresses: as pages, audits and diffs may show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from podwatch.model import Watch
from podwatch.notifiers import show_channel
from podwatch.redaction import display_address
from podwatch.watchlist.entries import entry_of


def shown_entry(watch: Watch) -> dict[str, Any]:
    """The fields of its entry, as anybody may read them."""
    entry = entry_of(watch) | {"channel": show_channel(watch.channel)}
    if "feeds" in entry:
        entry["feeds"] = _shown_scope(entry["feeds"])
    return entry


def _shown_scope(scope: Mapping[str, Any]) -> dict[str, Any]:
    shown = {k: [display_address(u) for u in v] if k == "urls" else v for k, v in scope.items() if k != "exclude"}
    return shown | ({"exclude": _shown_scope(scope["exclude"])} if "exclude" in scope else {})
