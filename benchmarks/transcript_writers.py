"""Writes segments in every transcript format: for the benchmark of the parsers."""

from __future__ import annotations

import html
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

SAMPLE = Path(__file__).parent.parent / "seeds/sample/missile-crisis.txt"
SPEAKERS = ("Marta Ellison", "Theo Brandt")


class Cue(NamedTuple):
    """A segment whose times are whole milliseconds."""

    start: int
    end: int
    speaker: str
    text: str


def make_cues(count: int, each: int = 11) -> list[Cue]:
    """So many segments of the words of the sample podcast, repeated; each: words in a segment."""
    words = [w for w in SAMPLE.read_text(encoding="utf-8").split() if ":" not in w and w.isascii()]
    supply = itertools.cycle(words)
    out = []
    for i in range(count):
        text = " ".join(itertools.islice(supply, each))
        out.append(Cue(i * 3210, i * 3210 + 3100, SPEAKERS[i // 4 % 2], text))
    return out


# Of edited transcripts: the words of turns in a row, and what stands in every so many of them.
TURNS = (31, 2, 88, 12, 5, 140, 1, 44, 19, 230, 7, 63)
ASIDES = (
    (3, "that’s"),
    (5, "[laughter]"),
    (7, "in 2019"),
    (11, "(or so)"),
    (13, "at 10:30"),
    (17, "for 20 minutes"),
    (19, "well-known"),
)
EPISODE = 150  # turns


def make_turns(count: int) -> list[Cue]:
    """So many turns of edited talk: of a word or of a paragraph, with apostrophes, brackets, numbers and hours."""
    words = [w for w in SAMPLE.read_text(encoding="utf-8").split() if ":" not in w and w.isascii()]
    supply, lengths = itertools.cycle(words), itertools.cycle(TURNS)
    out = []
    for i in range(count):
        said = [*itertools.islice(supply, next(lengths))]
        said += [aside for every, aside in ASIDES if i % every == every - 1]
        out.append(
            Cue(
                i * 21_000,
                i * 21_000 + 20_000,
                (*SPEAKERS, "Ada Pell")[i % 3 if i % 10 else 2],
                f"{' '.join(said)} so.",
            )
        )
    return out


def format_clock(millis: int, point: str = ".") -> str:
    """HH:MM:SS.mmm, or with another decimal point."""
    s, ms = divmod(millis, 1000)
    return f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}{point}{ms:03}"


def time_words(c: Cue) -> list[tuple[str, int]]:
    """The words of a segment, each with its start in milliseconds."""
    return [(w, c.start + i * 250) for i, w in enumerate(c.text.split())]


def _timing(cue: Cue, point: str = ".") -> str:
    """The line of WebVTT and SubRip that says when a segment starts and ends."""
    return f"{format_clock(cue.start, point)} --> {format_clock(cue.end, point)}"


def write_vtt(cues: list[Cue]) -> str:
    return "WEBVTT\n\n" + "\n".join(f"{_timing(c)}\n{c.text}\n" for c in cues)


def write_vtt_voices(cues: list[Cue]) -> str:
    return "WEBVTT\n\n" + "\n".join(f"{_timing(c)}\n<v {c.speaker}>{c.text}\n" for c in cues)


def write_srt(cues: list[Cue]) -> str:
    return "\n".join(f"{i}\n{_timing(c, ',')}\n{c.text}\n" for i, c in enumerate(cues, start=1))


def write_sbv(cues: list[Cue]) -> str:
    return "\n".join(f"{format_clock(c.start)},{format_clock(c.end)}\n{c.text}\n" for c in cues)


def write_rolling(cues: list[Cue]) -> str:
    out, before = ["WEBVTT\nKind: captions\nLanguage: en\n"], " "
    for c in cues:
        first, *rest = time_words(c)
        tagged = first[0] + "".join(f"<{format_clock(at)}><c> {w}</c>" for w, at in rest)
        setting = "align:start position:0%"
        out.append(f"{_timing(c)} {setting}\n{before}\n{tagged}\n")
        out.append(f"{format_clock(c.end)} --> {format_clock(c.end + 10)} {setting}\n{c.text}\n \n")
        before = c.text
    return "\n".join(out)


def write_podcast_json(cues: list[Cue]) -> str:
    rows = [{"speaker": c.speaker, "startTime": c.start / 1000, "endTime": c.end / 1000, "body": c.text} for c in cues]
    return json.dumps({"version": "1.0.0", "segments": rows})


def write_whisper(cues: list[Cue]) -> str:
    rows = [
        {
            "id": i,
            "start": c.start / 1000,
            "end": c.end / 1000,
            "text": f" {c.text}",
            "words": [
                {"word": f" {w}", "start": at / 1000, "end": at / 1000 + 0.2, "score": 0.9} for w, at in time_words(c)
            ],
        }
        for i, c in enumerate(cues)
    ]
    return json.dumps({"text": " ".join(c.text for c in cues), "segments": rows, "language": "en"})


def write_deepgram(cues: list[Cue]) -> str:
    rows = [
        {
            "start": c.start / 1000,
            "end": c.end / 1000,
            "transcript": c.text,
            "speaker": SPEAKERS.index(c.speaker),
            "words": [{"word": w.lower(), "punctuated_word": w, "start": at / 1000} for w, at in time_words(c)],
        }
        for c in cues
    ]
    return json.dumps({"metadata": {"channels": 1}, "results": {"channels": [{}], "utterances": rows}})


def write_assemblyai(cues: list[Cue]) -> str:
    rows = [
        {
            "speaker": "AB"[SPEAKERS.index(c.speaker)],
            "start": c.start,
            "end": c.end,
            "text": c.text,
            "words": [{"text": w, "start": at, "end": at + 200, "confidence": 0.9} for w, at in time_words(c)],
        }
        for c in cues
    ]
    return json.dumps({"status": "completed", "audio_duration": 1, "text": "", "utterances": rows})


def write_google(cues: list[Cue]) -> str:
    rows = [
        {
            "alternatives": [
                {
                    "transcript": c.text,
                    "words": [
                        {"startTime": f"{at / 1000:.3f}s", "endTime": f"{c.end / 1000:.3f}s", "word": w}
                        for w, at in time_words(c)
                    ],
                }
            ]
        }
        for c in cues
    ]
    return json.dumps({"results": rows})


def write_json3(cues: list[Cue]) -> str:
    events: list[object] = [{"tStartMs": 0, "dDurationMs": 9, "id": 1}]
    for c in cues:
        parts = [
            {"utf8": w if i == 0 else f" {w}", "tOffsetMs": at - c.start} for i, (w, at) in enumerate(time_words(c))
        ]
        events.append({"tStartMs": c.start, "dDurationMs": c.end - c.start, "segs": parts})
        events.append({"tStartMs": c.end, "dDurationMs": 10, "aAppend": 1, "segs": [{"utf8": "\n"}]})
    return json.dumps({"wireMagic": "pb3", "events": events})


def write_srv1(cues: list[Cue]) -> str:
    rows = (
        f'<text start="{c.start / 1000}" dur="{(c.end - c.start) / 1000}">{html.escape(html.escape(c.text))}</text>'
        for c in cues
    )
    return f'<?xml version="1.0" encoding="utf-8" ?><transcript>{"".join(rows)}</transcript>'


def write_srv3(cues: list[Cue]) -> str:
    rows = []
    for c in cues:
        parts = "".join(
            f'<s t="{at - c.start}" ac="0">{" " if i else ""}{html.escape(w)}</s>'
            for i, (w, at) in enumerate(time_words(c))
        )
        rows.append(f'<p t="{c.start}" d="{c.end - c.start}" w="1">{parts}</p>')
    return f'<?xml version="1.0" encoding="utf-8" ?><timedtext format="3"><body>{"".join(rows)}</body></timedtext>'


def write_ttml_words(cues: list[Cue]) -> str:
    rows = []
    for c in cues:
        spans = "".join(
            f'<span begin="{at / 1000:.3f}" end="{at / 1000 + 0.2:.3f}" podcasts:unit="word">{html.escape(w)}</span>'
            for w, at in time_words(c)
        )
        rows.append(f'<p begin="{c.start / 1000:.3f}" end="{c.end / 1000:.3f}" ttm:agent="{c.speaker}">{spans}</p>')
    ns = (
        'xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata" '
        'xmlns:podcasts="http://podcasts.apple.com/transcript-ttml-internal" xml:lang="en"'
    )
    return f"<tt {ns}><body><div>{''.join(rows)}</div></body></tt>"


def write_ttml(cues: list[Cue]) -> str:
    rows = "\n".join(
        f'<p begin="{format_clock(c.start)}" end="{format_clock(c.end)}">{html.escape(c.text)}</p>' for c in cues
    )
    return f'<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><body><div>{rows}</div></body></tt>'


def write_speech_xml(cues: list[Cue]) -> str:
    rows = "".join(
        f"<pst:speech><pst:speaker>{c.speaker}</pst:speaker>"
        f'<pst:item start="{format_clock(c.start)}" end="{format_clock(c.end)}">'
        f"{html.escape(c.text)}</pst:item></pst:speech>"
        for c in cues
    )
    return f'<pst:transcripts xmlns:pst="http://podlove.org/simple-transcripts">{rows}</pst:transcripts>'


def write_html(cues: list[Cue]) -> str:
    return "\n".join(
        f"<cite>{c.speaker}:</cite>\n<time>{format_clock(c.start)}</time>\n<p>{html.escape(c.text)}</p>" for c in cues
    )


def write_page_text(cues: list[Cue]) -> str:
    rows = "\n".join(f"Starting point is {format_clock(c.start)[:8]} {c.text}" for c in cues)
    closing = "There aren't comments yet for this episode."
    return f"A show - An episode\n\nEpisode Date: April 4, 2025\n\nTranscript\n{rows}\n\n{closing}"


def write_page_html(cues: list[Cue]) -> str:
    rows = "".join(
        f'<div data-group-id="{i}" class="single-sentence"><span class="pod_timestamp_indicator">Starting point is '
        f'{format_clock(c.start)[:8]}</span><span class="pod_text transcript-text">\n{html.escape(c.text)}'
        "\n<!----></span></div>"
        for i, c in enumerate(cues)
    )
    head = (
        '<h1 class="page-heading">A show - An episode</h1><span class="episode_date">Episode Date: April 4, 2025</span>'
    )
    return f"<!DOCTYPE html><html><body>{head}<div class='podcast-transcript'>{rows}</div></body></html>"


def write_tsv(cues: list[Cue]) -> str:
    return "start\tend\ttext\n" + "\n".join(f"{c.start}\t{c.end}\t{c.text}" for c in cues)


def write_markdown(cues: list[Cue]) -> str:
    return "\n\n".join(f"**{c.speaker}:** {c.text}" for c in cues)


def write_named(cues: list[Cue]) -> str:
    return "\n".join(f"{c.speaker}: {c.text}" for c in cues)


def write_marked(cues: list[Cue]) -> str:
    return "---\ntitle: Talk\nurl: /talk\n---\n" + "\n".join(f"**{c.speaker}:** {c.text}" for c in cues)


def write_unnamed(cues: list[Cue]) -> str:
    return "\n".join(c.text for c in cues)


def write_plain(cues: list[Cue]) -> str:
    return "\n\n".join(f"[{format_clock(c.start)[:8]}] {c.speaker}: {c.text}" for c in cues)


# name -> (the format that reads it, its writer, the resolution of its times in milliseconds; 0: it has no times)
WRITERS: dict[str, tuple[str, Callable[[list[Cue]], str], int]] = {
    "vtt": ("vtt", write_vtt, 1),
    "vtt, voices": ("vtt", write_vtt_voices, 1),
    "vtt, rolling": ("vtt", write_rolling, 1),
    "srt": ("srt", write_srt, 1),
    "sbv": ("sbv", write_sbv, 1),
    "podcast-json": ("podcast-json", write_podcast_json, 1),
    "whisper": ("whisper", write_whisper, 1),
    "deepgram": ("deepgram", write_deepgram, 1),
    "assemblyai": ("assemblyai", write_assemblyai, 1),
    "google-speech": ("google-speech", write_google, 1),
    "youtube-json3": ("youtube-json3", write_json3, 1),
    "youtube srv1": ("youtube-xml", write_srv1, 1),
    "youtube srv3": ("youtube-xml", write_srv3, 1),
    "ttml, words": ("ttml", write_ttml_words, 1),
    "ttml": ("ttml", write_ttml, 1),
    "speech-xml": ("speech-xml", write_speech_xml, 1),
    "html": ("html", write_html, 1),
    "page, text": ("page", write_page_text, 1000),
    "page, html": ("page", write_page_html, 1000),
    "tsv": ("tsv", write_tsv, 1),
    "markdown": ("markdown", write_markdown, 0),
    "plain": ("plain", write_plain, 1000),
}
# As people edit them: documents of an episode, a turn a line, long and short ones.
EDITED_WRITERS: dict[str, tuple[str, Callable[[list[Cue]], str], int]] = {
    "edited, names": ("plain", write_named, 0),
    "edited, bare": ("plain", write_unnamed, 0),
    "edited, bold": ("markdown", write_marked, 0),
}
