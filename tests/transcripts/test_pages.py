"""Web pages with transcripts, as players and makers of transcripts write them; what is no transcript is refused."""

from __future__ import annotations

import math

import pytest

from podwatch.errors import TranscriptError
from podwatch.transcripts import formats as transcripts

Turn = tuple[float | None, str | None, str]  # start, speaker, words
HEAD = "<!DOCTYPE html><html><head><title>Episode 7</title><script>var a = 1;</script></head><body>"
MENU = "<nav><a href='/'>Home</a></nav><h1>Episode 7</h1>"
TURNS: list[Turn] = [
    (0, "Theo Brandt", "Good morning, Marta."), (2, "Marta Ellison", "Good morning. It rains."),
    (67, "Theo Brandt", "That is what it does."), (129, "Marta Ellison", "See you."),
]  # fmt: skip


def rows(form: str, **more: object) -> str:
    return "".join(
        form.format(
            name=name, words=words, s=int(start or 0), ms=int(start or 0) * 1000,
            clock=f"0:{int(start or 0) // 60}:{int(start or 0) % 60}",
            units=f"0h{int(start or 0) // 60:02}m{int(start or 0) % 60:02}s", **more,
        )
        for start, name, words in TURNS
    )  # fmt: skip


# The form: (what stands in the body, whether it says speakers, whether it says times).
FORMS: dict[str, tuple[str, bool, bool]] = {
    "names in their own paragraphs": (
        "<section><h2>Intro</h2>" + rows(
            "<div class='turn'><p class='speaker'>{name}</p><p><a href='#' onclick=\"playAt('{clock}');return false\">"
            "&#9658;</a> {words}</p></div>"
        ) + "</section>", True, True,
    ),
    "names in spans": (
        "<div>" + rows("<p><span class='transcript-speaker'>{name}:</span> {words}</p>") + "</div>", True, False,
    ),
    "names before colons": (rows("<p><strong>{name}:</strong> {words}</p>"), True, False),
    "paragraphs with data-start": (
        "<article>" + rows("<p data-start='{s}'><b class='speaker-name'>{name}</b> {words}</p>") + "</article>", True, True,
    ),
    "paragraphs with data-start in milliseconds": (
        "<article>" + rows("<p data-start='{ms}'><b class='speaker-name'>{name}</b> {words}</p>") + "</article>", True, True,
    ),
    "spans with data-m": (
        "<article>" + rows("<p><span class='speaker' data-m='{ms}'>{name}: </span><span data-m='{ms}'>{words}</span></p>")
        + "</article>", True, True,
    ),
    "the speaker in an attribute": (
        "<main>" + rows("<div data-speaker='{name}' data-time='{clock}'>{words}</div>") + "</main>", True, True,
    ),
    "a table": (
        "<table><tr><th>Time</th><th>Speaker</th><th>Text</th></tr>"
        + rows("<tr><td>{units}</td><td>{name}</td><td>{words}</td></tr>") + "</table>", True, True,
    ),
    "a table without speakers": (
        "<table>" + rows("<tr><td><a href='#'>{units}</a></td><td>{words}</td></tr>") + "</table>", False, True,
    ),
}  # fmt: skip


def read(body: str) -> list[Turn]:
    _, columns = transcripts.parse_transcript(body.encode(), "text/html")
    segments = columns.transcript().segments()
    return [(None if math.isnan(s.start) else s.start, s.speaker, s.text) for s in segments]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_page_of_turns_gives_them(form: str) -> None:
    body, has_speakers, has_times = FORMS[form]
    expected = [(a if has_times else None, b if has_speakers else None, words) for a, b, words in TURNS]
    assert read(HEAD + MENU + body + "<footer>Made by hand</footer></body></html>")[-4:] == expected


def test_the_words_of_a_page_keep_their_own_times() -> None:
    words = "".join(
        f"<span data-m='{1000 * i}' data-d='200'>{w} </span>" for i, w in enumerate(["they", "sailed", "the", "sea"])
    )
    _, columns = transcripts.parse_transcript(f"<article><section><p>{words}</p></section></article>".encode())
    transcript = columns.transcript()
    assert transcript.text == "they sailed the sea"
    assert transcript.seconds_at(transcript.text.index("sea")) == 3


CHAPTERS = "".join(f"<li>{clock} {title}</li>" for clock, title in (
    ("00:00", "Welcome"), ("05:12", "The harbour"), ("33:10", "What it costs"), ("58:00", "Goodbye"),
))  # fmt: skip
PAGES = {
    "a page that a script fills": (
        f"{HEAD}<h1>Episode 7</h1><h2>Transcript</h2><div id='root'></div><script src='a.js'></script></body></html>",
        "is a web page that a script fills, not a transcript: 'Episode 7'",
    ),
    "a page that a script fills, with chapters": (
        f"{HEAD}<h1>Episode 7</h1><ul>{CHAPTERS}</ul><div id='app'></div><script src='a.js'></script></body></html>",
        "is a web page that a script fills, not a transcript: 'Episode 7'",
    ),
    "a page that a script fills, with its date": (
        f"{HEAD}<h1>Episode 7</h1><time datetime='2024-01-02'>2 January 2024</time><h2>Transcript</h2><h2>About</h2>"
        "<div id='app'></div></body></html>",
        "is a web page that a script fills, not a transcript: 'Episode 7'",
    ),
    "a part of a page that a script fills": (
        "<div><h1>Episode 7</h1><h2>Transcript</h2><div id='t'></div><script>load('t')</script></div>",
        "is a web page that a script fills, not a transcript",
    ),
    "a page of another kind": (
        f"<html><head><title>News</title></head><body><p class='speaker'>Ann Lee</p><p>{'She speaks of it. ' * 30}</p></body>",
        "is a web page, not a transcript: 'News'",
    ),
}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_without_a_transcript_is_refused_by_name(page: str) -> None:
    body, said = PAGES[page]
    with pytest.raises(TranscriptError) as caught:
        read(body)
    assert caught.value.what == said


def test_an_element_of_time_without_a_time_is_words() -> None:
    assert read("<div><time>00:01</time><p>It rained.</p><time>yesterday</time><p>It did.</p></div>") == [
        (1, None, "It rained."), (None, None, "yesterday"), (None, None, "It did."),
    ]  # fmt: skip
