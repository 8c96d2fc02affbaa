"""Columns: what every format fills. Lists of texts, times and speakers cost a fifth of as many Segment values.

Times are repaired here, once, for all formats:

- a time that is no number, or beyond MAX_SECONDS, is unknown (nan); a negative start is 0; an end before its start is
  unknown, so that the next start ends the segment;
- the words stay in the order of the file. Where starts go backwards, the longest ascending run of them is kept, and
  the others become unknown: one wild time spoils nothing but itself;
- segments may overlap (two people talk at once): their ends stay as they are, and Transcript.seconds_at ends a
  segment where the next one starts.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate, islice

from podwatch.errors import TranscriptError
from podwatch.model import GUESSED, Segment, Transcript, Words, clean_text

MAX_SECONDS = 1_000_000.0  # eleven days
MAX_SEGMENTS = 2_000_000
MAX_WORD_DISTANCE = 80  # characters ahead in which a timed word is looked for in the text of its segment
FOLD_CHARACTERS = 1_000_000  # of a text whose blanks are folded at a time
# A document is a list of words when its segments have fewer words than this on average, and most of them one; never
# with fewer than MIN_SEGMENTS. Its words are merged into sentences, which a pause or so many words end.
MAX_WORDS_A_SEGMENT, MIN_SEGMENTS = 1.8, 5
MAX_PAUSE, MAX_SENTENCE_WORDS = 2.0, 40  # seconds, words

OTHER_BLANKS = "\t\r\v\f\x1c\x1d\x1e\x1f"  # what str.split() splits at, apart from the blank and the line feed
ALL_OTHER_BLANKS = (
    OTHER_BLANKS
    + "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)

TimedWords = Sequence[tuple[str, float]]  # words with their seconds


@dataclass(slots=True)
class Columns:
    """The segments of a document: one entry a segment in each list.

    words: of the segments, by index, in which single words have times. title, published: of the page, where it says.
    notes: what was decided about the document and why, a sentence each.
    charset: how its bytes were read. is_charset_guessed: whether that was a guess without confidence.
    """

    texts: list[str] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    speakers: list[str | None] = field(default_factory=list)
    words: dict[int, TimedWords] = field(default_factory=dict)
    title: str = ""
    published: datetime | None = None
    language: str | None = None
    notes: list[str] = field(default_factory=list)
    charset: str = "utf-8"
    is_charset_guessed: bool = False

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[Segment]:
        return map(Segment, self.starts, self.ends, self.texts, self.speakers)

    def add(
        self,
        text: str,
        start: float = math.nan,
        end: float = math.nan,
        speaker: str | None = None,
        words: TimedWords = (),
    ) -> None:
        if words:
            self.words[len(self.texts)] = words
        self.texts.append(text)
        self.starts.append(start)
        self.ends.append(end)
        self.speakers.append(speaker)

    def add_texts(self, texts: Sequence[str]) -> None:
        """Adds segments of which nothing is known but their words."""
        self.texts += texts
        self.starts += [math.nan] * len(texts)
        self.ends += [math.nan] * len(texts)
        self.speakers += [None] * len(texts)

    def check(self) -> None:
        """Raises TranscriptError when there are no words, or more than MAX_SEGMENTS."""
        if len(self) > MAX_SEGMENTS:
            raise TranscriptError(f"holds more than {MAX_SEGMENTS:,} segments")
        if not any(t and not t.isspace() for t in self.texts):
            raise TranscriptError("holds no words")

    def media_type(self, format_name: str) -> str:
        """The format as it is stored: "srt", "srt; charset=cp1251", "srt; charset=cp1251; guessed"."""
        charset = "" if self.charset == "utf-8" else f"; charset={self.charset}"
        return f"{format_name}{charset}{GUESSED if self.is_charset_guessed else ''}"

    def transcript(self, **facts: object) -> Transcript:
        """The segments as one text with repaired times. facts: the other fields of Transcript."""
        c = self.merge_words() if self._is_list_of_words() else self
        texts = fold_blanks(c.texts)
        speakers: Sequence[str | None] = c.speakers
        starts, ends, timed = repair_starts(c.starts), c.ends, c.words
        if "" in texts:  # a segment without words is left out
            keep = [i for i, t in enumerate(texts) if t]
            new = {old: i for i, old in enumerate(keep)}
            timed = {new[i]: w for i, w in timed.items() if i in new}
            texts, starts, ends = ([column[i] for i in keep] for column in (texts, starts, ends))  # type: ignore[assignment]
            speakers = [speakers[i] for i in keep]
        offsets = array("I", accumulate((len(t) + 1 for t in islice(texts, max(0, len(texts) - 1))), initial=0))
        offsets = offsets if texts else array("I")
        marks = locate_words(timed, texts, offsets, starts)
        facts.setdefault("language", self.language)
        return Transcript(
            text=" ".join(texts),
            offsets=offsets,
            starts=array("d", starts),
            ends=array("d", repair_ends(starts, ends)),
            speakers=tuple(speakers),
            words=Words(lambda: marks) if marks[0] else None,
            **facts,  # type: ignore[arg-type]
        )

    def _is_list_of_words(self) -> bool:
        texts = [t for t in islice(self.texts, 2000) if t]
        if len(texts) < MIN_SEGMENTS:
            return False
        most, blanks, single = (MAX_WORDS_A_SEGMENT - 1) * len(texts), 0, 0
        for text in texts:
            between = text.strip().count(" ")
            blanks += between
            single += not between
            if blanks >= most:  # soon, in sentences
                return False
        return single * 2 >= len(texts)

    def merge_words(self) -> Columns:
        """Single words merged into sentences of one speaker, each word keeping its time."""
        merged = Columns(title=self.title, published=self.published, language=self.language)
        words: list[tuple[str, float]] = []
        first = last = math.nan
        sentence_speaker: str | None = None
        for text, start, end, speaker in zip(self.texts, self.starts, self.ends, self.speakers, strict=True):
            is_end = words and (
                speaker != sentence_speaker
                or len(words) >= MAX_SENTENCE_WORDS
                or words[-1][0][-1:] in ".?!…"
                or not -MAX_PAUSE <= start - last <= MAX_PAUSE
            )
            if is_end:
                merged.add(" ".join(w for w, _ in words), first, last, sentence_speaker, words)
                words = []
            if not words:
                first, sentence_speaker = start, speaker
            words.append((text.strip(), start))
            last = end if end == end else start
        if words:
            merged.add(" ".join(w for w, _ in words), first, last, sentence_speaker, words)
        return merged


def repair_starts(starts: list[float]) -> list[float]:
    """Starts that ascend, unknown ones as nan."""
    fixed = [max(0.0, s) if -MAX_SECONDS < s <= MAX_SECONDS else math.nan for s in starts]
    known = [i for i, s in enumerate(fixed) if s == s]
    if all(fixed[a] <= fixed[b] for a, b in zip(known, islice(known, 1, None), strict=False)):
        return fixed
    kept = {known[k] for k in longest_ascending_run([fixed[i] for i in known])}
    return [s if i in kept else math.nan for i, s in enumerate(fixed)]


def longest_ascending_run(values: list[float]) -> list[int]:
    """The indices of the longest run that never descends (patience sorting)."""
    tails: list[float] = []
    at: list[int] = []
    before: list[int] = []
    for i, v in enumerate(values):
        k = bisect_right(tails, v)
        before.append(at[k - 1] if k else -1)
        if k == len(tails):
            tails.append(v)
            at.append(i)
        else:
            tails[k], at[k] = v, i
    run: list[int] = []
    i = at[-1] if at else -1
    while i >= 0:
        run.append(i)
        i = before[i]
    return run[::-1]


def repair_ends(starts: list[float], ends: list[float]) -> list[float]:
    """Ends that are not before their starts, unknown ones as nan."""
    return [e if s <= e <= MAX_SECONDS else math.nan for s, e in zip(starts, ends, strict=True)]


def locate_words(
    timed: dict[int, TimedWords], texts: list[str], offsets: array[int], starts: Sequence[float]
) -> tuple[array[int], array[float]]:
    """(offsets, seconds) of the timed words, found in the text of their segments in their order.

    A word that is not found is left out, and so are times that go backwards or are all the same in a segment.
    """
    marks, seconds = array("I"), array("d")
    last = 0.0
    for i in sorted(timed):
        words, text, base, at = timed[i], texts[i], offsets[i], 0
        if starts[i] != starts[i] or (len(words) > 2 and words[0][1] == words[-1][1]):
            continue
        last = max(last, starts[i])
        following = next((s for s in starts[i + 1 : i + 2] if s == s), MAX_SECONDS)
        for word, second in words:
            word = word.strip() if "\n" not in word else " ".join(word.split())
            found = text.find(word, at, at + len(word) + MAX_WORD_DISTANCE) if word else -1
            if found < 0 or (found and text[found - 1] != " " and not is_unspaced_script(text[found - 1])):
                continue  # not there, or the second half of a word
            at = found + len(word)
            if last <= second <= following or (last <= second <= MAX_SECONDS and i + 1 == len(texts)):
                marks.append(base + found)
                seconds.append(second)
                last = second
    return marks, seconds


def fold_blanks(texts: list[str]) -> list[str]:
    """The texts with single blanks between their words; most have no others, which is seen without splitting them."""
    if has_single_blanks(texts):
        return texts
    return [" ".join(t.split()) if len(t) < FOLD_CHARACTERS else fold_long_text(t) for t in texts]


def has_single_blanks(texts: list[str]) -> bool:
    """Whether folding would change none of the texts."""
    text = "\n".join(texts)
    if text.count("\n") >= max(1, len(texts)) or any(
        blank in text for blank in (OTHER_BLANKS if text.isascii() else ALL_OTHER_BLANKS)
    ):
        return False
    return not ("  " in text or "\n " in text or " \n" in text or text[:1] == " " or text[-1:] == " ")


def fold_long_text(text: str) -> str:
    """A long text, folded piece by piece: a list of ten million words takes more than a gigabyte."""
    parts, at = [], 0
    while at < len(text):
        end = text.find(" ", at + FOLD_CHARACTERS)
        end = end if end >= 0 else len(text)
        parts.append(" ".join(text[at:end].split()))
        at = end
    return " ".join(p for p in parts if p)


def is_unspaced_script(character: str) -> bool:
    """Whether its script writes words without blanks: Thai to Burmese, Khmer, Chinese, Japanese, Korean."""
    return character >= "\u2e80" or "\u0e00" <= character <= "\u109f" or "\u1780" <= character <= "\u17ff"


def clean_columns(columns: Columns) -> None:
    """Removes NUL and lone surrogates, which JSON can escape."""
    columns.texts = [clean_text(t) for t in columns.texts]
    columns.speakers = [clean_text(s) or None if s else None for s in columns.speakers]
    columns.title = clean_text(columns.title)
