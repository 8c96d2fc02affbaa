"""Writes what was learned into watchlist.yaml, and leaves everything else in it as its authors wrote it."""

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

from podwatch import files
from podwatch.errors import WatchlistError
from podwatch.model import Change, Proposal, Watch, fold_spelling
from podwatch.watchlist import loader as watchlist


def apply_proposals(path: Path, proposals: Iterable[Proposal]) -> list[Proposal]:
    """Makes the changes in the file; returns those that it made, since what is there already stays.

    Comments, order, quotes and indentation stay. The file is replaced in one step, and only by a watchlist without
    mistakes. Raises WatchlistError (or a group of them) when it has mistakes, or cannot be written.
    """
    before = watchlist.read(path)
    text = files.read(path, watchlist.MAX_BYTES, WatchlistError).decode("utf-8-sig")
    after, made = edit_text(text, proposals)
    if made:
        if _meaning(watchlist.parse(after, str(path))) != _meaning(changed_watches(before, made)) or _comments(
            after
        ) != _comments(text):
            raise WatchlistError("cannot be edited without harm", where=str(path), todo="make the changes by hand")
        _replace(path, after)
    return made


def changed_watches(watches: Iterable[Watch], made: Sequence[Proposal]) -> list[Watch]:
    """The watches as the changes should leave them."""
    found = []
    for w in watches:
        mine = [p for p in made if p.watch == w.name]
        new = {change: tuple(p.spelling for p in mine if p.change is change) for change in Change}
        gone = {fold_spelling(s) for s in new[Change.DROP_ALIAS]}
        aliases = (*(a for a in w.aliases if fold_spelling(a) not in gone), *new[Change.ALIAS])
        found.append(replace(w, aliases=aliases, exclude=(*w.exclude, *new[Change.EXCLUDE])))
    return found


def _meaning(watches: Iterable[Watch]) -> list[Watch]:
    return [replace(w, aliases=tuple(sorted(w.aliases)), exclude=tuple(sorted(w.exclude))) for w in watches]


def _comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]


def edit_text(text: str, proposals: Iterable[Proposal]) -> tuple[str, list[Proposal]]:
    """The watchlist with the changes made, and which were."""
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 2**16  # no line is broken that its author did not break
    yaml.indent(**_indent(text))
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
    """Whether the change was still to be made.

    ruamel keeps a comment with what stands before it, those above the next watch with the last value of this one.
    So nothing is put behind a last value, and a value that goes leaves its comment to the one before it.
    """
    field = "exclude" if p.change is Change.EXCLUDE else "aliases"
    there = entry.get(field)
    at = next((i for i, a in enumerate(there or ()) if fold_spelling(str(a)) == fold_spelling(p.spelling)), None)
    if p.change is Change.DROP_ALIAS:
        if at is None:
            return False
        comment = there.ca.items.pop(at, None)
        if comment is not None and at > 0:
            there.ca.items.setdefault(at - 1, comment)
        del there[at]
        return True
    if at is not None:
        return False
    if there is None:
        there = CommentedSeq()
        there.fa.set_flow_style()
        names = list(entry)
        behind = [i for i, name in enumerate(names[:-1]) if name in ("entity", "type", "aliases")]
        entry.insert(max(behind) + 1 if behind else names.index("entity"), field, there)
    last = len(there) - 1
    there.insert(last if last in there.ca.items else len(there), p.spelling)
    return True


def _indent(text: str) -> dict[str, int]:
    """How the author indents the list of watches: ruamel writes every list the same way."""
    for line in text.partition("watches:")[2].splitlines():
        stripped = line.lstrip(" ")
        if stripped.startswith("- "):
            dash = len(line) - len(stripped)
            gap = len(stripped) - len(stripped[1:].lstrip(" "))
            return {"mapping": 2, "sequence": dash + gap, "offset": dash}
    return {"mapping": 2, "sequence": 4, "offset": 2}


def _replace(path: Path, text: str) -> None:
    """All of the new file or all of the old: written beside it, then put in its place."""
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
            Path(name).unlink(missing_ok=True)  # there only when it could not be put in its place
    except OSError as e:
        raise WatchlistError(f"cannot be written ({e.strerror})", where=str(path), todo="check the path") from None
