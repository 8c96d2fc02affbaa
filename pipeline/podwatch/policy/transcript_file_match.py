"""Decides which episode a transcript file belongs to that somebody put into the folder, by the file's name. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from pathlib import PurePath
from urllib.parse import urlsplit

from podwatch.model import Episode
from podwatch.policy.episode_identity import plain_title

_NUMBER = re.compile(r"^(?:episode |ep )?\d{1,5} (?=\S)")


class FileMatch(StrEnum):
    """By what a file was matched to its episode, or why it was not."""

    GUID = "named like the guid"
    AUDIO = "named like the audio file"
    DATE_AND_TITLE = "named like the date and the title"
    TITLE = "named like the title"
    SEVERAL = "several episodes have this name: put the date before it, as in 2026-11-04 Title.vtt"
    NONE = "no episode without a transcript has this name, audio file or guid"


MATCH_ORDER = (FileMatch.GUID, FileMatch.AUDIO, FileMatch.DATE_AND_TITLE, FileMatch.TITLE)  # the surest first


class EpisodeNames:
    """The names under which the transcripts of some episodes may be dropped in."""

    def __init__(self, episodes: Iterable[Episode]) -> None:
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

    def match(self, file: str) -> tuple[Episode | None, FileMatch]:
        """(the episode, by what it was matched) for a file's name; by the surest name that only one episode has."""
        stem = "" if file.startswith(".") else _letters(PurePath(file).stem)
        is_ambiguous = False
        for match in MATCH_ORDER:
            for name in dict.fromkeys((stem, _NUMBER.sub("", stem) if match is FileMatch.TITLE else stem)):
                episodes = self._episodes.get((match, name), [])
                if len({e.identity or str(e.id) for e in episodes}) == 1:
                    return episodes[0], match
                is_ambiguous = is_ambiguous or len(episodes) > 1
        return None, FileMatch.SEVERAL if is_ambiguous else FileMatch.NONE


def _letters(text: str) -> str:
    return plain_title(text.replace("_", " "))
