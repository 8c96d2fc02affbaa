"""Decides which episode a transcript file belongs to that somebody put into the folder, by the file's name. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from pathlib import PurePath
from urllib.parse import urlsplit

from podwatch.lazy_patterns import lazy_pattern
from podwatch.model import Episode
from podwatch.policy.episode_identity import plain_title

_NUMBER = lazy_pattern(r"^(?:episode |ep )?\d{1,5} (?=\S)")

_PACKED_DATE = lazy_pattern(r"\b((?:19|20)\d\d)(\d\d)(\d\d)\b")


class FileMatch(StrEnum):
    """By what a file was matched to its episode, or why it was not."""

    GUID = "named like the guid"
    AUDIO = "named like the audio file"
    DATE_AND_TITLE = "named like the date and the title"
    TITLE = "named like the title"
    DATE = "named like the date, on which only one episode came out"
    SEVERAL_DATE = "several episodes came out on this date: put the title behind it, as in 2026-11-04 Title.vtt"
    SEVERAL = "several episodes have this name: put the date before it, as in 2026-11-04 Title.vtt"
    NONE = "no episode without a transcript has this name, audio file, guid or date"


# The surest first.
MATCH_ORDER = (FileMatch.GUID, FileMatch.AUDIO, FileMatch.DATE_AND_TITLE, FileMatch.TITLE, FileMatch.DATE)


class EpisodeNames:
    """The names under which the transcripts of some episodes may be dropped in.

    others: episodes that have a transcript already: a date that they share with one that has none says too little.
    """

    def __init__(self, episodes: Iterable[Episode], others: Iterable[Episode] = ()) -> None:
        self._episodes: dict[tuple[FileMatch, str], list[Episode]] = defaultdict(list)
        for e in episodes:
            title, path = plain_title(e.title), urlsplit(e.audio_url or "").path
            names = {FileMatch.GUID: _letters(e.guid), FileMatch.TITLE: title}
            if path:
                names[FileMatch.AUDIO] = _letters(PurePath(path).stem)
            if e.published_at is not None:
                names[FileMatch.DATE_AND_TITLE] = f"{e.published_at:%Y %m %d} {title}"
            for match, name in names.items():
                if name:
                    self._episodes[match, name].append(e)
            self._add_dates(e)
        self._taken = {name for e in others for name in _date_names(e)}

    def _add_dates(self, e: Episode) -> None:
        for name in _date_names(e):
            self._episodes[FileMatch.DATE, name].append(e)

    def match(self, file: str) -> tuple[Episode | None, FileMatch]:
        """(the episode, by what it was matched) for a file's name; by the surest name that only one episode has."""
        stem = "" if file.startswith(".") else _letters(PurePath(file).stem)
        why = FileMatch.NONE
        for match in MATCH_ORDER:
            for name in dict.fromkeys((stem, _other_form(stem, match))):
                episodes = self._episodes.get((match, name), [])
                is_taken = match is FileMatch.DATE and name in self._taken
                if len({e.identity or str(e.id) for e in episodes}) == 1 and not is_taken:
                    return episodes[0], match
                if episodes and why is FileMatch.NONE:
                    why = FileMatch.SEVERAL_DATE if match is FileMatch.DATE else FileMatch.SEVERAL
        return None, why


def _other_form(stem: str, match: FileMatch) -> str:
    """The same name without what people put before a title, or with blanks in a date: 20261104 is 2026 11 04."""
    if match is FileMatch.TITLE:
        return _NUMBER.sub("", stem)
    return _PACKED_DATE.sub(r"\1 \2 \3", stem) if match is FileMatch.DATE else stem


def _date_names(e: Episode) -> list[str]:
    """The date of an episode, alone and beside the name of its show; nothing when it has none."""
    if e.published_at is None:
        return []
    day, show = f"{e.published_at:%Y %m %d}", plain_title(e.show)
    return [day, f"{day} {show}", f"{show} {day}"] if show else [day]


def _letters(text: str) -> str:
    return plain_title(text.replace("_", " "))
