"""Writes segments as recognisers and makers of captions do, for the benchmark of the parsers: one sentence a segment.

What is a list of words is divided into sentences when it is read: each segment is written as one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class Sentence(NamedTuple):
    """A segment whose times are whole milliseconds, with the start of each word."""

    start: int
    end: int
    speaker: str
    text: str

    def words(self) -> Iterator[tuple[str, float, float]]:
        """(word, start, end) in seconds; the last word has the full stop."""
        for i, word in enumerate(self.text.split()):
            at = (self.start + i * 250) / 1000
            yield word, at, at + 0.2


def as_sentence(text: str) -> str:
    """The words of a segment as one sentence."""
    return " ".join(re.sub(r"[.?!\u2026]", " ", text).split()) + "."


def _split_mark(word: str) -> tuple[str, str]:
    return (word[:-1], word[-1]) if word.endswith(".") else (word, "")


def _cpp(s: Sentence) -> dict[str, Any]:
    return {"timestamps": {}, "offsets": {"from": s.start, "to": s.end}, "text": f" {s.text}"}


def _chunk(s: Sentence) -> dict[str, Any]:
    return {"timestamp": [s.start / 1000, s.end / 1000], "text": f" {s.text}"}


def write_whisper_cpp(cues: list[Sentence]) -> str:
    return json.dumps({"result": {"language": "en"}, "transcription": [_cpp(c) for c in cues]})


def write_hugging_face(cues: list[Sentence]) -> str:
    return json.dumps({"text": "", "chunks": [_chunk(c) for c in cues]})


def write_aws(cues: list[Sentence]) -> str:
    items: list[dict[str, Any]] = []
    for c in cues:
        for word, start, end in c.words():
            bare, mark = _split_mark(word)
            items.append(
                {"type": "pronunciation", "start_time": f"{start:.3f}", "end_time": f"{end:.3f}",
                 "speaker_label": c.speaker, "alternatives": [{"content": bare}]}
            )  # fmt: skip
            if mark:
                items.append({"type": "punctuation", "alternatives": [{"content": mark}]})
    return json.dumps({"results": {"transcripts": [{"transcript": ""}], "items": items}})


def write_azure(cues: list[Sentence]) -> str:
    phrases = [
        {"offsetMilliseconds": c.start, "durationMilliseconds": c.end - c.start, "text": c.text, "speaker": 1}
        for c in cues
    ]
    return json.dumps({"phrases": phrases})


def write_watson(cues: list[Sentence]) -> str:
    results = []
    for c in cues:
        timestamps = [[word.rstrip("."), start, end] for word, start, end in c.words()]
        results.append({"final": True, "alternatives": [{"transcript": c.text, "timestamps": timestamps}]})
    return json.dumps({"result_index": 0, "results": results})


def write_speechmatics(cues: list[Sentence]) -> str:
    results: list[dict[str, Any]] = []
    for c in cues:
        for word, start, end in c.words():
            bare, mark = _split_mark(word)
            best = [{"content": bare, "speaker": c.speaker}]
            results.append({"type": "word", "start_time": start, "end_time": end, "alternatives": best})
            if mark:
                best = [{"content": mark, "speaker": c.speaker}]
                results.append({"type": "punctuation", "start_time": end, "end_time": end, "alternatives": best})
    return json.dumps({"format": "2.9", "results": results})


def write_rev(cues: list[Sentence]) -> str:
    monologues = []
    for c in cues:
        elements: list[dict[str, Any]] = []
        for word, start, end in c.words():
            bare, mark = _split_mark(word)
            elements.append({"type": "text", "value": bare, "ts": start, "end_ts": end})
            elements.append({"type": "punct", "value": mark or " "})
        monologues.append({"speaker": 0, "elements": elements})
    return json.dumps({"monologues": monologues})


def write_elevenlabs(cues: list[Sentence]) -> str:
    words: list[dict[str, Any]] = []
    for c in cues:
        for word, start, end in c.words():
            words.append({"type": "word", "text": word, "start": start, "end": end, "speaker_id": c.speaker})
            words.append({"type": "spacing", "text": " ", "start": end, "end": end, "speaker_id": c.speaker})
    return json.dumps({"language_code": "eng", "text": "", "words": words})


def write_soniox(cues: list[Sentence]) -> str:
    tokens = [
        {"text": f" {word}", "start_ms": round(start * 1000), "end_ms": round(end * 1000), "speaker": c.speaker}
        for c in cues for word, start, end in c.words()
    ]  # fmt: skip
    return json.dumps({"text": "", "tokens": tokens})


def write_gladia(cues: list[Sentence]) -> str:
    utterances = [
        {"text": c.text, "start": c.start / 1000, "end": c.end / 1000, "speaker": 0,
         "words": [{"word": f" {w}", "start": a, "end": b} for w, a, b in c.words()]}
        for c in cues
    ]  # fmt: skip
    return json.dumps({"result": {"transcription": {"utterances": utterances}}})


def write_vosk(cues: list[Sentence]) -> str:
    return json.dumps(
        [
            {"text": c.text, "result": [{"word": w, "start": a, "end": b, "conf": 1} for w, a, b in c.words()]}
            for c in cues
        ]
    )


def write_lrc(cues: list[Sentence]) -> str:
    clocks = ((c, c.start // 1000) for c in cues)
    return "\n".join(f"[{s // 60:02}:{s % 60:02}.{c.start % 1000 // 10:02}]{c.text}" for c, s in clocks)


def write_sami(cues: list[Sentence]) -> str:
    rows = "\n".join(f"<SYNC Start={c.start}><P Class=ENUSCC>{c.text}</P></SYNC>" for c in cues)
    return f"<SAMI><HEAD></HEAD><BODY>\n{rows}\n</BODY></SAMI>"


def _ass_clock(millis: int) -> str:
    seconds, rest = divmod(millis, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest // 10:02}"


def write_ass(cues: list[Sentence]) -> str:
    head = "[Script Info]\nScriptType: v4.00+\n\n[Events]\n"
    form = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    rows = (f"Dialogue: 0,{_ass_clock(c.start)},{_ass_clock(c.end)},Default,{c.speaker},0,0,0,,{c.text}" for c in cues)
    return head + form + "\n".join(rows) + "\n"


def write_csv(cues: list[Sentence]) -> str:
    rows = (f'{c.start / 1000:.3f},{c.end / 1000:.3f},{c.speaker},"{c.text}"' for c in cues)
    return "start,end,speaker,text\n" + "\n".join(rows)


# name -> (the format that has to be found, its writer, the resolution of its times in milliseconds)
RECOGNISER_WRITERS: dict[str, tuple[str, Callable[[list[Sentence]], str], int]] = {
    "whisper-cpp": ("whisper-cpp", write_whisper_cpp, 1),
    "hugging-face": ("hugging-face", write_hugging_face, 1),
    "aws-transcribe": ("aws-transcribe", write_aws, 1),
    "azure-speech": ("azure-speech", write_azure, 1),
    "watson": ("watson", write_watson, 1),
    "speechmatics": ("speechmatics", write_speechmatics, 1),
    "rev-ai": ("rev-ai", write_rev, 1),
    "elevenlabs": ("elevenlabs", write_elevenlabs, 1),
    "soniox": ("soniox", write_soniox, 1),
    "gladia": ("gladia", write_gladia, 1),
    "vosk": ("vosk", write_vosk, 1),
    "lrc": ("lrc", write_lrc, 10),
    "sami": ("sami", write_sami, 1),
    "ass": ("ass", write_ass, 10),
    "csv": ("tsv", write_csv, 1),
}
