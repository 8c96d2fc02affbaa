"""Writes proposals into watchlist.yaml, and leaves everything else in it as its authors wrote it."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq
from ruamel.yaml.error import YAMLError

from podwatch.errors import WatchlistError
from podwatch.model import Change, Proposal, Watch, fold_spelling
from podwatch.watchlist.loader import parse_watchlist, read_text


def apply_proposals(path: Path, proposals: Iterable[Proposal]) -> list[Proposal]:
    """Makes the changes in the file; returns those that were still to be made.

    Comments, order, quotes and indentation stay. The file is replaced in one step, and only by a watchlist without
    mistakes. Raises WatchlistError (or a group of them) when it has mistakes, or cannot be written.
    """
    text = read_text(path)
    before, _ = parse_watchlist(text, str(path))
    edited, made = edit_text(text, proposals)
    if made:
        after, _ = parse_watchlist(edited, str(path))
        same_watches = _without_order(after) == _without_order(changed_watches(before, made))
        if not same_watches or _comments(edited) != _comments(text):
            raise WatchlistError("cannot be edited without harm", where=str(path), todo="make the changes by hand")
        _replace_file(path, edited)
    return made


def changed_watches(watches: Iterable[Watch], made: Sequence[Proposal]) -> list[Watch]:
    """The watches as the changes should leave them."""
    changed = []
    for w in watches:
        spellings = {c: tuple(p.spelling for p in made if p.watch == w.name and p.change is c) for c in Change}
        dropped = {fold_spelling(s) for s in spellings[Change.DROP_ALIAS]}
        aliases = (*(a for a in w.aliases if fold_spelling(a) not in dropped), *spellings[Change.ALIAS])
        changed.append(replace(w, aliases=aliases, exclude=(*w.exclude, *spellings[Change.EXCLUDE])))
    return changed


def _without_order(watches: Iterable[Watch]) -> list[Watch]:
    return [replace(w, aliases=tuple(sorted(w.aliases)), exclude=tuple(sorted(w.exclude))) for w in watches]


def _comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]


def edit_text(text: str, proposals: Iterable[Proposal]) -> tuple[str, list[Proposal]]:
    """The watchlist with the changes made, and those of them that were still to be made. Raises WatchlistError."""
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 2**16  # no line is broken that its author did not break
    yaml.indent(**_detect_indent(text))
    try:
        tree = yaml.load(text)
    except YAMLError as e:
        raise WatchlistError(f"is not YAML: {str(e).splitlines()[0]}") from None
    entries = {str(w.get("name")): w for w in tree["watches"] if isinstance(w, dict)}
    made = [p for p in proposals if p.watch in entries and _apply(entries[p.watch], p)]
    if not made:
        return text, []
    out = io.StringIO()
    yaml.dump(tree, out)
    return out.getvalue(), made


def _apply(entry: Any, p: Proposal) -> bool:
    """Makes one change in the mapping of a watch; returns whether it was still to be made.

    ruamel attaches a comment to what stands before it: one above the next watch to the last value of this one. So
    nothing is put behind a last value, and a value that is removed leaves its comment to the one before it.
    """
    field = "exclude" if p.change is Change.EXCLUDE else "aliases"
    values = entry.get(field)
    at = next((i for i, a in enumerate(values or ()) if fold_spelling(str(a)) == fold_spelling(p.spelling)), None)
    if p.change is Change.DROP_ALIAS:
        if at is None:
            return False
        comment = values.ca.items.pop(at, None)
        if comment is not None and at > 0:
            values.ca.items.setdefault(at - 1, comment)
        del values[at]
        return True
    if at is not None:
        return False
    if values is None:
        values = CommentedSeq()
        values.fa.set_flow_style()
        names = list(entry)
        behind = [i for i, name in enumerate(names[:-1]) if name in ("entity", "type", "aliases")]
        entry.insert(max(behind) + 1 if behind else names.index("entity"), field, values)
    last = len(values) - 1
    values.insert(last if last in values.ca.items else len(values), p.spelling)
    return True


def _detect_indent(text: str) -> dict[str, int]:
    """The author's indentation of the list of watches, for ruamel, which writes every list the same way."""
    for line in text.partition("watches:")[2].splitlines():
        stripped = line.lstrip(" ")
        if stripped.startswith("- "):
            dash = len(line) - len(stripped)
            gap = len(stripped) - len(stripped[1:].lstrip(" "))
            return {"mapping": 2, "sequence": dash + gap, "offset": dash}
    return {"mapping": 2, "sequence": 4, "offset": 2}


def _replace_file(path: Path, text: str) -> None:
    """Writes the new file beside the old one and moves it into its place, so that it is never half written."""
    try:
        target = path.resolve(strict=True)  # a link stays a link
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(target.stat().st_mode & 0o7777)
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)  # it is there only when it could not be moved
    except OSError as e:
        raise WatchlistError(f"cannot be written ({e.strerror})", where=str(path), todo="check the path") from None
