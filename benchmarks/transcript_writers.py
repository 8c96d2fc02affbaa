"""Segments written in every transcript format: what the benchmark of the formats reads, and the fuzzer spoils."""

from __future__ import annotations

import html
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SAMPLE = Path(__file__).parent.parent / "seeds/sample/missile-crisis.txt"
NAMES = ("Marta Ellison", "Theo Brandt")


class Cue(NamedTuple):
    """A segment whose times are whole milliseconds."""

    start: int
    end: int
    speaker: str
    text: str


def cues(count: int, each: int = 11) -> list[Cue]:
    """The words of the sample podcast over and over, eleven to a segment."""
    words = [w for w in SAMPLE.read_text(encoding="utf-8").split() if ":" not in w and w.isascii()]
    supply = itertools.cycle(words)
    out = []
    for i in range(count):
        text = " ".join(itertools.islice(supply, each))
        out.append(Cue(i * 3210, i * 3210 + 3100, NAMES[i // 4 % 2], text))
    return out


def clock(millis: int, point: str = ".") -> str:
    s, ms = divmod(millis, 1000)
    return f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}{point}{ms:03}"


def words(c: Cue) -> list[tuple[str, int]]:
    """The words of a segment with a time each."""
    return [(w, c.start + i * 250) for i, w in enumerate(c.text.split())]


def vtt(cues: list[Cue]) -> str:
    return "WEBVTT\n\n" + "\n".join(f"{clock(c.start)} --> {clock(c.end)}\n{c.text}\n" for c in cues)


def vtt_voices(cues: list[Cue]) -> str:
    return "WEBVTT\n\n" + "\n".join(f"{clock(c.start)} --> {clock(c.end)}\n<v {c.speaker}>{c.text}\n" for c in cues)


def srt(cues: list[Cue]) -> str:
    return "\n".join(
        f"{i}\n{clock(c.start, ',')} --> {clock(c.end, ',')}\n{c.text}\n" for i, c in enumerate(cues, start=1)
    )


def sbv(cues: list[Cue]) -> str:
    return "\n".join(f"{clock(c.start)},{clock(c.end)}\n{c.text}\n" for c in cues)


def rolling(cues: list[Cue]) -> str:
    out, before = ["WEBVTT\nKind: captions\nLanguage: en\n"], " "
    for c in cues:
        first, *rest = words(c)
        tagged = first[0] + "".join(f"<{clock(at)}><c> {w}</c>" for w, at in rest)
        setting = "align:start position:0%"
        out.append(f"{clock(c.start)} --> {clock(c.end)} {setting}\n{before}\n{tagged}\n")
        out.append(f"{clock(c.end)} --> {clock(c.end + 10)} {setting}\n{c.text}\n \n")
        before = c.text
    return "\n".join(out)


def podcast_json(cues: list[Cue]) -> str:
    rows = [{"speaker": c.speaker, "startTime": c.start / 1000, "endTime": c.end / 1000, "body": c.text} for c in cues]
    return json.dumps({"version": "1.0.0", "segments": rows})


def whisper(cues: list[Cue]) -> str:
    rows = [
        {
            "id": i,
            "start": c.start / 1000,
            "end": c.end / 1000,
            "text": f" {c.text}",
            "words": [
                {"word": f" {w}", "start": at / 1000, "end": at / 1000 + 0.2, "score": 0.9} for w, at in words(c)
            ],
        }
        for i, c in enumerate(cues)
    ]
    return json.dumps({"text": " ".join(c.text for c in cues), "segments": rows, "language": "en"})


def deepgram(cues: list[Cue]) -> str:
    rows = [
        {
            "start": c.start / 1000,
            "end": c.end / 1000,
            "transcript": c.text,
            "speaker": NAMES.index(c.speaker),
            "words": [{"word": w.lower(), "punctuated_word": w, "start": at / 1000} for w, at in words(c)],
        }
        for c in cues
    ]
    return json.dumps({"metadata": {"channels": 1}, "results": {"channels": [{}], "utterances": rows}})


def assemblyai(cues: list[Cue]) -> str:
    rows = [
        {
            "speaker": "AB"[NAMES.index(c.speaker)],
            "start": c.start,
            "end": c.end,
            "text": c.text,
            "words": [{"text": w, "start": at, "end": at + 200, "confidence": 0.9} for w, at in words(c)],
        }
        for c in cues
    ]
    return json.dumps({"status": "completed", "audio_duration": 1, "text": "", "utterances": rows})


def google(cues: list[Cue]) -> str:
    rows = [
        {
            "alternatives": [
                {
                    "transcript": c.text,
                    "words": [
                        {"startTime": f"{at / 1000:.3f}s", "endTime": f"{c.end / 1000:.3f}s", "word": w}
                        for w, at in words(c)
                    ],
                }
            ]
        }
        for c in cues
    ]
    return json.dumps({"results": rows})


def json3(cues: list[Cue]) -> str:
    events: list[object] = [{"tStartMs": 0, "dDurationMs": 9, "id": 1}]
    for c in cues:
        parts = [{"utf8": w if i == 0 else f" {w}", "tOffsetMs": at - c.start} for i, (w, at) in enumerate(words(c))]
        events.append({"tStartMs": c.start, "dDurationMs": c.end - c.start, "segs": parts})
        events.append({"tStartMs": c.end, "dDurationMs": 10, "aAppend": 1, "segs": [{"utf8": "\n"}]})
    return json.dumps({"wireMagic": "pb3", "events": events})


def srv1(cues: list[Cue]) -> str:
    rows = (
        f'<text start="{c.start / 1000}" dur="{(c.end - c.start) / 1000}">{html.escape(html.escape(c.text))}</text>'
        for c in cues
    )
    return f'<?xml version="1.0" encoding="utf-8" ?><transcript>{"".join(rows)}</transcript>'


def srv3(cues: list[Cue]) -> str:
    rows = []
    for c in cues:
        parts = "".join(
            f'<s t="{at - c.start}" ac="0">{" " if i else ""}{html.escape(w)}</s>' for i, (w, at) in enumerate(words(c))
        )
        rows.append(f'<p t="{c.start}" d="{c.end - c.start}" w="1">{parts}</p>')
    return f'<?xml version="1.0" encoding="utf-8" ?><timedtext format="3"><body>{"".join(rows)}</body></timedtext>'


def ttml(cues: list[Cue]) -> str:
    rows = []
    for c in cues:
        spans = "".join(
            f'<span begin="{at / 1000:.3f}" end="{at / 1000 + 0.2:.3f}" podcasts:unit="word">{html.escape(w)}</span>'
            for w, at in words(c)
        )
        rows.append(f'<p begin="{c.start / 1000:.3f}" end="{c.end / 1000:.3f}" ttm:agent="{c.speaker}">{spans}</p>')
    ns = (
        'xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" '
        'xmlns:podcasts="http://podcasts.apple.com/transcript-ttml-internal" xml:lang="en"'
    )
    return f"<tt {ns}><body><div>{''.join(rows)}</div></body></tt>"


def ttml_plain(cues: list[Cue]) -> str:
    rows = "\n".join(f'<p begin="{clock(c.start)}" end="{clock(c.end)}">{html.escape(c.text)}</p>' for c in cues)
    return f'<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><body><div>{rows}</div></body></tt>'


def speech_xml(cues: list[Cue]) -> str:
    rows = "".join(
        f"<pst:speech><pst:speaker>{c.speaker}</pst:speaker>"
        f'<pst:item start="{clock(c.start)}" end="{clock(c.end)}">{html.escape(c.text)}</pst:item></pst:speech>'
        for c in cues
    )
    return f'<pst:transcripts xmlns:pst="http://podlove.org/simple-transcripts">{rows}</pst:transcripts>'


def podcast_html(cues: list[Cue]) -> str:
    return "\n".join(
        f"<cite>{c.speaker}:</cite>\n<time>{clock(c.start)}</time>\n<p>{html.escape(c.text)}</p>" for c in cues
    )


def page_text(cues: list[Cue]) -> str:
    rows = "\n".join(f"Starting point is {clock(c.start)[:8]} {c.text}" for c in cues)
    closing = "There aren't comments yet for this episode."
    return f"A show - An episode\n\nEpisode Date: April 4, 2025\n\nTranscript\n{rows}\n\n{closing}"


def page_html(cues: list[Cue]) -> str:
    rows = "".join(
        f'<div data-group-id="{i}" class="single-sentence"><span class="pod_timestamp_indicator">Starting point is '
        f'{clock(c.start)[:8]}</span><span class="pod_text transcript-text">\n{html.escape(c.text)}'
        "\n<!----></span></div>"
        for i, c in enumerate(cues)
    )
    head = (
        '<h1 class="page-heading">A show - An episode</h1><span class="episode_date">Episode Date: April 4, 2025</span>'
    )
    return f"<!DOCTYPE html><html><body>{head}<div class='podcast-transcript'>{rows}</div></body></html>"


def tsv(cues: list[Cue]) -> str:
    return "start\tend\ttext\n" + "\n".join(f"{c.start}\t{c.end}\t{c.text}" for c in cues)


def markdown(cues: list[Cue]) -> str:
    return "\n\n".join(f"**{c.speaker}:** {c.text}" for c in cues)


def plain(cues: list[Cue]) -> str:
    return "\n\n".join(f"[{clock(c.start)[:8]}] {c.speaker}: {c.text}" for c in cues)


# Of each: the format that reads it, how it is written, and how coarse its times are (milliseconds; 0: it has none).
RENDERED: dict[str, tuple[str, Callable[[list[Cue]], str], int]] = {
    "vtt": ("vtt", vtt, 1),
    "vtt, voices": ("vtt", vtt_voices, 1),
    "vtt, rolling": ("vtt", rolling, 1),
    "srt": ("srt", srt, 1),
    "sbv": ("sbv", sbv, 1),
    "podcast-json": ("podcast-json", podcast_json, 1),
    "whisper": ("whisper", whisper, 1),
    "deepgram": ("deepgram", deepgram, 1),
    "assemblyai": ("assemblyai", assemblyai, 1),
    "google-speech": ("google-speech", google, 1),
    "youtube-json3": ("youtube-json3", json3, 1),
    "youtube srv1": ("youtube-xml", srv1, 1),
    "youtube srv3": ("youtube-xml", srv3, 1),
    "ttml, words": ("ttml", ttml, 1),
    "ttml": ("ttml", ttml_plain, 1),
    "speech-xml": ("speech-xml", speech_xml, 1),
    "html": ("html", podcast_html, 1),
    "page, text": ("page", page_text, 1000),
    "page, html": ("page", page_html, 1000),
    "tsv": ("tsv", tsv, 1),
    "markdown": ("markdown", markdown, 0),
    "plain": ("plain", plain, 1000),
}
