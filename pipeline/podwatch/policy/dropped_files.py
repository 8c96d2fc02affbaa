"""Decides which episode a transcript file that somebody dropped in by hand belongs to, from the file's name. Pure."""

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
    """How a file found its episode, or why it did not."""

    GUID = "named like the guid"
    AUDIO = "named like the audio file"
    DATE_AND_TITLE = "named like the date and the title"
    TITLE = "named like the title"
    SEVERAL = "several episodes have this name: put the date before it, as in 2026-11-04 Title.vtt"
    NONE = "no episode without a transcript has this name, audio file or guid"


MATCH_ORDER = (FileMatch.GUID, FileMatch.AUDIO, FileMatch.DATE_AND_TITLE, FileMatch.TITLE)  # the surest first


class EpisodeNames:
    """The names under which some episodes may be dropped in."""

    def __init__(self, episodes: Iterable[Episode]) -> None:
        self._found: dict[tuple[FileMatch, str], list[Episode]] = defaultdict(list)
        for e in episodes:
            title, path = plain_title(e.title), urlsplit(e.audio_url or "").path
            names = {FileMatch.GUID: _letters(e.guid), FileMatch.TITLE: title}
            if path:
                names[FileMatch.AUDIO] = _letters(PurePath(path).stem)
            if e.published_at is not None:
                names[FileMatch.DATE_AND_TITLE] = f"{e.published_at:%Y %m %d} {title}"
            for way, name in names.items():
                if name:
                    self._found[way, name].append(e)

    def match(self, file: str) -> tuple[Episode | None, FileMatch]:
        """(the episode, how it was found) for the name of a file; the surest way that names exactly one episode."""
        said = "" if file.startswith(".") else _letters(PurePath(file).stem)
        several = False
        for way in MATCH_ORDER:
            for name in dict.fromkeys((said, _NUMBER.sub("", said) if way is FileMatch.TITLE else said)):
                found = self._found.get((way, name), [])
                if len({e.identity or str(e.id) for e in found}) == 1:
                    return found[0], way
                several = several or len(found) > 1
        return None, FileMatch.SEVERAL if several else FileMatch.NONE


def _letters(text: str) -> str:
    return plain_title(text.replace("_", " "))
