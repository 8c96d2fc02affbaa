"""The form in which a watch is edited: its fields as text, from a watch and back to the entry of a watchlist. Pure.

Addresses are shown without their secrets, here too; what is sent back stands for the address that was shown so.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.datastructures import FormData

from podwatch.diagnose.watch_facts import shown_entry
from podwatch.model import Feed, Watch
from podwatch.notifiers import show_channel
from podwatch.redaction import display_address, is_redacted
from podwatch.watchlist.entries import SIDES, Entry, EntryMistakes, FieldMistake, entry_of, format_entry, order_fields

LINES = ("aliases", "exclude", "urls", "not_urls")  # a value a line
COMMAS = ("tags", "languages", "not_tags", "not_languages")
CHOICES = {
    "types": ("person", "organisation", "place", "product", "event"),
    "skip": ("sponsor", "promotion", "repeated"),
}
TEXTS = ("name", "kind", "query", "entity", "type", "threshold", "channel", "deliver", "minimum", "repeat_after",
         "silent_after", *LINES, *COMMAS)  # fmt: skip
KINDS = ("query", "entity", "surge")
MOST_TEXT = 20_000  # characters of one field
Values = dict[str, Any]


def empty_values(channel: str) -> Values:
    """The form of a new watch."""
    return dict.fromkeys(TEXTS, "") | {
        "kind": "query",
        "channel": channel,
        "deliver": "each",
        "sounds_like": True,  # of a name; who has never heard of recognition errors would not ask for it
        "types": list(CHOICES["types"]),
        "skip": [],
    }


def values_of(watch: Watch) -> Values:
    """The form of a watch as it is."""
    entry = entry_of(watch)
    values = empty_values("") | {"kind": watch.kind, "sounds_like": watch.sounds_like}
    values |= {name: str(entry[name]) for name in TEXTS if name in entry and name not in LINES}
    values |= {name: "\n".join(entry.get(name, ())) for name in ("aliases", "exclude")}
    values["skip"] = list(watch.skip)
    values["types"] = list(entry["surge"]["types"]) if watch.surge is not None else list(CHOICES["types"])
    for prefix in ("", "not_"):
        for side in SIDES:
            shown = [display_address(v) if side == "urls" else v for v in getattr(watch.scope, prefix + side)]
            values[prefix + side] = ("\n" if side == "urls" else ", ").join(shown)
    values["channel"] = show_channel(watch.channel)
    return values


def read_values(form: FormData) -> Values:
    """What was typed; a field that is too long is cut, and what no field can hold is left out."""
    values: Values = {name: _clean(form.get(name, "")) for name in TEXTS}
    values["sounds_like"] = form.get("sounds_like") == "yes"
    for name, known in CHOICES.items():
        given = set(map(str, form.getlist(name)))
        values[name] = [v for v in known if v in given]
    values["kind"] = values["kind"] if values["kind"] in KINDS else "query"
    return values


def entry_from(values: Mapping[str, Any], addresses: Iterable[str], channels: Iterable[str]) -> Entry:
    """The entry that the form says. addresses, channels: for which a shown one without its secret may stand.

    Raises EntryMistakes where it is not known for which one.
    """
    kind = values["kind"]
    entry: dict[str, Any] = {"name": values["name"] or (suggest_name(values[kind]) if values.get(kind) else "")}
    if kind == "surge":
        entry["surge"] = {"types": values["types"]}
    else:
        entry[kind] = values[kind]
        entry |= {"exclude": found} if (found := split_lines(values["exclude"])) else {}
        entry |= {"skip": values["skip"]} if values["skip"] else {}
        entry |= {"minimum": _number(values["minimum"])} if values["minimum"] not in ("", "1") else {}
    if kind == "entity":
        entry |= {"type": values["type"]} if values["type"] else {}
        entry |= {"aliases": found} if (found := split_lines(values["aliases"])) else {}
        if values["sounds_like"]:
            entry["sounds_like"] = True
            entry |= {"threshold": _fraction(values["threshold"])} if values["threshold"] else {}
    if feeds := _scope(values, addresses):
        entry["feeds"] = feeds
    entry["channel"] = _hidden(values["channel"], channels, show_channel, "channel")
    entry |= {"deliver": values["deliver"]} if values["deliver"] not in ("", "each") else {}
    entry |= {name: values[name] for name in ("repeat_after", "silent_after") if values[name]}
    return order_fields(entry)


def known_addresses(watches: Sequence[Watch], feeds: Sequence[Feed]) -> list[str]:
    """Every address that a scope has, or could have."""
    return [*(f.url for f in feeds), *(u for w in watches for u in (*w.scope.urls, *w.scope.not_urls))]


def shown_yaml(watch: Watch) -> str:
    """The same as YAML, an item of a list."""
    return format_entry(shown_entry(watch), dash="- ")


def digest_of(watch: Watch) -> str:
    """Equal for watches that are the same in every field: by it an editor says what he saw."""
    return hashlib.blake2b(format_entry(entry_of(watch)).encode("utf-8", "replace"), digest_size=12).hexdigest()


def suggest_name(query: str) -> str:
    """A name for a watch that looks for this."""
    words = re.findall(r"[^\W_]+", query)
    name = "-".join(w.lower() for w in words if w not in ("AND", "OR", "NOT", "NEAR"))[:40].strip("-") or "search"
    return f"search-{name}" if name.isdigit() else name


def split_lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _scope(values: Mapping[str, Any], addresses: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for prefix, place in (("", found), ("not_", {})):
        for side in SIDES:
            text = values[prefix + side]
            given = split_lines(text) if side == "urls" else [t.strip() for t in text.split(",") if t.strip()]
            if side == "urls":
                given = [_hidden(u, addresses, display_address, "feeds") for u in given]
            if given:
                place[side] = given
        if prefix and place:
            found["exclude"] = place
    return found


def _hidden(shown: str, known: Iterable[str], show: Any, field: str) -> str:
    """The address that is shown so; what is nobody's stands for itself."""
    meant = sorted({k for k in known if show(k) == shown})
    if shown in meant or not (meant or is_redacted(shown)):
        return shown
    if len(meant) != 1:
        what = "has *** for a secret, and it is not known for which" if meant else "has *** for a secret"
        raise EntryMistakes([FieldMistake(field, 0, f"{shown} {what}", "give the whole address")])
    return meant[0]


def _clean(value: object) -> str:
    text = str(value)[:MOST_TEXT].replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return text.encode("utf-8", "ignore").decode().strip()


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else text


def _fraction(text: str) -> float | str:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text
