"""The forms in which people and programs write who says what and when: one table, each form with the same five turns."""

from __future__ import annotations

import json
import math
from typing import NamedTuple

import pytest

from podwatch.errors import TranscriptError
from podwatch.transcripts import formats as transcripts

NAMES = ("Marta Ellison", "Theo Brandt")
TALK = (
    (3, "We went down to the harbour early."), (9, "It was closed, of course."),
    (75, "So we waited for the boats to come in."), (80, "And what did the council say?"),
    (3735, "They said that it would open by noon."),
)  # fmt: skip


class Form(NamedTuple):
    """template: of a turn, with n (name), c (mm:ss), h (hh:mm:ss), e (its end), s (seconds), w (words), i (number)."""

    ending: str
    template: str
    is_timed: bool = True
    is_named: bool = True
    between: str = "\n\n"
    head: str = ""
    names: tuple[str, str] = NAMES


SRT = "{i}\n{h},000 --> {e},000\n"
PAGE = (
    "<html><head><title>The transcript of episode 3</title></head><body><nav><a href='/'>Home</a></nav><h1>Ships</h1>"
)
FORMS = {
    "seconds and an arrow in brackets": Form("txt", "[{s}.84 → {s}.90] {w}", is_named=False, between="\n"),
    "seconds with their unit": Form("txt", "[{s}.2s -> {s}.9s] {w}", is_named=False),
    "seconds with their unit, and a name": Form("txt", "[{s}s-{s}.9s] {n}: {w}", between="\n"),
    "bare seconds": Form("txt", "{s}.20 - {s}.90: {w}", is_named=False, between="\n"),
    "a head of clock and colon": Form("md", "**{n}** ({c}):\n{w}"),
    "a name and a linked clock below": Form("md", "**{n}:**\n[({c})](https://x.example/?at={s})\n{w}"),
    "headings": Form("md", "## {n} ({h}.000 - {e}.456)\n{w}"),
    "a name in brackets with a span": Form("txt", "[{n}] ({c} -> {e}): {w}"),
    "a span, a dash and quotes": Form("txt", "{n} ({c} - {e}) - {w}"),
    "the name and the clock in one bracket": Form("txt", "[{n} {c}] {w}"),
    "the clock and the name in one bracket": Form("txt", "[{c} {n}] {w}"),
    "a name in angle brackets": Form("txt", "[{c}] <{n}> {w}"),
    "a name in brackets and a colon": Form("txt", "[{n}]: {w}", is_timed=False),
    "a name in brackets": Form("txt", "[{n}] {w}", is_timed=False),
    "a name before a dash": Form("txt", "{n} - {w}", is_timed=False),
    "a bold name before a dash": Form("md", "**{n}** — {w}", is_timed=False),
    "a bold name above": Form("md", "**{n}**\n\n{w}", is_timed=False),
    "a name above": Form("txt", "{n}\n{w}", is_timed=False),
    "a name in capitals above": Form("txt", "{n}\n\n{w}", is_timed=False, names=("MARTA ELLISON", "THEO BRANDT")),
    "a numbered name": Form("txt", "{i}. {n}: {w}", is_timed=False),
    "a name and a bare clock": Form("txt", "{n} {c} {w}", between="\n", names=("Marta", "Theo")),
    "a name at a time": Form("txt", "{n} @ {c}\n{w}"),
    "bars": Form("txt", "{c} | {n} | {w}", between="\n"),
    "tabs, the clock first": Form("txt", "{h}\t{n}\t{w}", between="\n"),
    "tabs, the name first": Form("txt", "{n}\t{h}\t{w}", between="\n"),
    "a clock as code": Form("md", "- `{c}` **{n}**: {w}", between="\n"),
    "a dot between clock and name": Form("md", "**{c} · {n}**\n\n{w}"),
    "a callout": Form("md", "> **[{c}](https://x.example/)** {w}", is_named=False, head="> [!note]- Transcript\n>\n"),
    "a table, the name first": Form("md", "| {n} | {c} | {w} |", between="\n", head="| Who | At | Said |\n|---|---|---|\n"),
    "a table with starts and ends": Form(
        "md", "| {c} | {e} | {n} | {w} |", between="\n", head="| Start | End | Speaker | Text |\n|:--|:-:|---|---|\n",
    ),
    "a table of times and words": Form(
        "md", "| {c} | {w} |", is_named=False, between="\n", head="| Time | Text |\n|---|---|\n",
    ),
    "comments and a heading": Form(
        "md", "{h} --> {e}\n{w}", is_named=False, head="---\ntitle: Ships\n---\n\n<!-- begins -->\n## Transcript\n\n",
    ),
    "a comma-separated table": Form("csv", '{s}.0,{s}.9,{n},"{w}"', between="\n", head="start,end,speaker,text\n"),
    "a comma-separated table of clocks": Form(
        "csv", '{n},{h},{e},"{w}"', between="\n", head="Speaker,Start Time,End Time,Text\n",
    ),
    "Chinese names, glued": Form("txt", "[{h} - {e}] {n}：{w}", names=("主持人", "嘉宾")),
    "bold Chinese names": Form("md", "**{n}**：{w}", is_timed=False, names=("主持人", "嘉宾")),
    "Chinese names before a clock": Form("txt", "{n} 1 {h}\n{w}", names=("说话人", "發言者")),
    "Japanese names before a clock": Form("txt", "{n}({h})\n{w}", names=("話者1", "話者2")),
    "Russian roles in small letters": Form("txt", "{n}: {w}", is_timed=False, names=("ведущий", "гость")),
    "Arabic roles": Form("txt", "{n}: {w}", is_timed=False, names=("المقدم", "الضيف")),
    "Hindi names": Form("txt", "{n}: {w}", is_timed=False, names=("मार्टा", "अतिथि")),
    "Korean roles in captions": Form("srt", SRT + "{n}: {w}", names=("진행자", "게스트")),
    "names in brackets in captions": Form("srt", SRT + "[{n}] {w}"),
    "names in parentheses in captions": Form("srt", SRT + "({n}) {w}"),
    "names before bars in captions": Form("srt", SRT + "{n}| {w}", names=("SPEAKER_00", "SPEAKER_01")),
    "a page of headings": Form("html", "<h4>{n}</h4><p>{w}</p>", is_timed=False, head=PAGE),
    "a page of a list of definitions": Form("html", "<dt>{n}</dt><dd>{w}</dd>", is_timed=False, head=PAGE),
    "a page of line breaks": Form("html", "{n}: {w}<br><br>", is_timed=False, head=PAGE),
    "a page of preformatted text": Form("html", "{n}  {c}\n{w}", head="<html><body><pre>\n"),
    "a page with clocks in spans": Form("html", "<div><span>{c}</span> <span class='speaker'>{n}</span><p>{w}</p></div>", head=PAGE),
    "a piece of HTML with bold names": Form("html", "<p><b>{n}</b> <time>{h}</time></p><p>{w}</p>"),
}  # fmt: skip


def clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def write(form: Form) -> bytes:
    turns = (
        form.template.format(
            n=form.names[i % 2], c=f"{at // 60:02}:{at % 60:02}", h=clock(at), e=clock(at + 2), s=at, w=words, i=i + 1
        )
        for i, (at, words) in enumerate(TALK)
    )
    return (form.head + form.between.join(turns)).encode()


@pytest.mark.parametrize("name", FORMS)
def test_a_form_gives_who_says_what_and_when(name: str) -> None:
    form = FORMS[name]
    _, columns = transcripts.parse_transcript(write(form), name=f"talk.{form.ending}")
    got = [(s.start, (s.speaker or "").removesuffix(" 1"), s.text) for s in columns.transcript().segments()]
    assert [words for _, _, words in got] == [words for _, words in TALK]
    assert [speaker for _, speaker, _ in got] == [form.names[i % 2] if form.is_named else "" for i in range(5)]
    assert [None if math.isnan(at) else int(at) for at, _, _ in got] == [
        at if form.is_timed else None for at, _ in TALK
    ]


WORDS = {
    "sounds in brackets": "[Door Opens] Hello.\n\n[Band Playing] Well.\n\n[Door Opens] So.\n\n[Band Playing] Ah.",
    "a footnote": "[1] The harbour is old.\n\n[2] So is the town.\n\n[3] And the bridge.",
    "a dash in a sentence": "Marta Ellison - we all know her - went home.\n\nIt rained.\n\nTheo stayed.",
    "a colon in running text": "Er sagte zum beispiel: ja.\n\nUnd dann: nein.\n\nOder nicht.\n\nWas weiss ich: alles.",
    "what people said, in Chinese": "他说：好。\n\n她问：为什么？\n\n他说：因为。\n\n她问：真的？\n\n我们走吧。",
    "topics with clocks in brackets": "1. Ships (at 3:00): the first.\n\n2. Boats (4:00 on): the next.\n\n3. Sails (5:00 on): the last.",
    "a line of a place": "Location: Lisbon 2019\n\nMarta: Hello.\n\nTheo: Good day.\n\nMarta: So.\n\nTheo: Ah.",
    "a topic in every mouth": "Marta: Hello.\n\nUkraine: The war goes on.\n\nTheo: Good day.\n\nMarta: So.\n\nTheo: Ah.",
    "an unusual topic": "Marta: Hello.\n\nKherson: The war goes on.\n\nTheo: Who lives in Kherson?\n\nMarta: So.\n\nTheo: Ah.",
    "a sentence before a clock": "Marta: So I [00:12] went.\n\nSo I [00:20] came back.\n\nTheo: Good.\n\nMarta: So.\n\nTheo: Ah.",
}  # fmt: skip


@pytest.mark.parametrize("name", WORDS)
def test_what_is_no_name_stays_words(name: str) -> None:
    _, columns = transcripts.parse_transcript(WORDS[name].encode(), "text/plain")
    assert {*columns.speakers} <= {None, "Marta", "Theo"}
    for line in WORDS[name].split("\n\n"):
        assert line.split()[-1] in columns.transcript().text


JSON = {
    "turns without times": ([{"speaker": NAMES[i % 2], "text": w} for i, (_, w) in enumerate(TALK)], False),
    "spans in one text": ([{"timestamp": f"{clock(at)} - {clock(at + 1)}", "text": w} for at, w in TALK], True),
    "milliseconds by their name": ({"a": {"b": [{"startMs": at * 1000, "text": w} for at, w in TALK]}}, True),
    "offsets in milliseconds": ([{"offset": at * 1000, "duration": 1900, "text": w} for at, w in TALK], True),
    "offsets in seconds": ([{"offset": at + 0.5, "duration": 1.9, "text": w} for at, w in TALK], True),
    "deep within": ({"data": {"transcript": {"sentences": [{"start_time": at, "text": w} for at, w in TALK]}}}, True),
}  # fmt: skip


@pytest.mark.parametrize("name", JSON)
def test_a_list_in_json_gives_its_words_and_times(name: str) -> None:
    value, is_timed = JSON[name]
    _, columns = transcripts.parse_transcript(json.dumps(value).encode())
    assert columns.texts == [words for _, words in TALK]
    assert [int(s) for s in columns.starts if s == s] == ([at for at, _ in TALK] if is_timed else [])


def test_a_value_of_json_a_line_is_a_list() -> None:
    lines = "\n".join(json.dumps({"start": at, "text": words}) for at, words in TALK)
    _, columns = transcripts.parse_transcript(lines.encode(), name="talk.jsonl")
    assert [*zip(columns.starts, columns.texts, strict=True)] == [*TALK]


def test_the_paragraphs_of_what_a_page_calls_its_transcript_are_read() -> None:
    talk = "".join(f"<p>{' '.join(w for _, w in TALK)}</p>" for _ in range(4))
    page = "<html><body><p>Buy our bread.</p><h2>Transcript</h2>{}<footer>Made by hand</footer></body></html>"
    _, columns = transcripts.parse_transcript(page.format(talk).encode(), "text/html")
    assert columns.texts == [" ".join(w for _, w in TALK)] * 4
    with pytest.raises(TranscriptError, match="is a web page"):
        transcripts.parse_transcript(page.format("<p>Coming soon.</p>").encode(), "text/html")
