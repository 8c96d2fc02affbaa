"""Who says what and when, in the text that people and programs export: a table of forms, each with its right turns."""

from __future__ import annotations

import math

import pytest

from podwatch.transcripts import formats as transcripts

Turn = tuple[float | None, str | None, str]  # start, speaker, words

# The form: (name of the file, text, turns).
FORMS: dict[str, tuple[str, str, list[Turn]]] = {
    "a topic before a colon, once": (
        "a.txt",
        "We begin.\n\nUkraine: the harbours are open.\n\nMore of it.",
        [(None, None, "We begin."), (None, None, "Ukraine: the harbours are open."), (None, None, "More of it.")],
    ),
    "a topic before a colon at the beginning": (
        "a.vtt",
        "WEBVTT\n\n00:00.000 --> 00:02.000\nUkraine: what next?\n\n00:02.000 --> 00:04.000\nNobody knows.\n",
        [(0, None, "Ukraine: what next?"), (2, None, "Nobody knows.")],
    ),
    "a topic among speakers": (
        "a.vtt",
        "WEBVTT\n\n00:00.000 --> 00:01.000\nMarta: Hello.\n\n00:01.000 --> 00:02.000\nTheo: Good day.\n\n"
        "00:02.000 --> 00:03.000\nMarta: The news.\n\n00:03.000 --> 00:04.000\nOperation Silent Harbour: what it was.\n\n"
        "00:04.000 --> 00:05.000\nIt rained.\n\n00:05.000 --> 00:06.000\nTheo: Indeed.\n",
        [(0, "Marta", "Hello."), (1, "Theo", "Good day."), (2, "Marta", "The news."),
         (3, "Marta", "Operation Silent Harbour: what it was."), (4, "Marta", "It rained."), (5, "Theo", "Indeed.")],
    ),
    "somebody who speaks once among others": (
        "a.txt",
        "Marta: Hello.\n\nTheo: Good day.\n\nMarta: Who is there?\n\nKeith Ostrander: It is me.\n\nTheo: Ah.",
        [(None, "Marta", "Hello."), (None, "Theo", "Good day."), (None, "Marta", "Who is there?"),
         (None, "Keith Ostrander", "It is me."), (None, "Theo", "Ah.")],
    ),
    "the credit of captions": (
        "a.srt",
        "1\n00:00:00,000 --> 00:00:01,000\nUndertekster Af: Marta\n\n2\n00:00:01,000 --> 00:00:02,000\nGodt.\n\n"
        "3\n00:00:02,000 --> 00:00:03,000\nUndertekster Af: Marta\n",
        [(0, None, "Undertekster Af: Marta"), (1, None, "Godt."), (2, None, "Undertekster Af: Marta")],
    ),
    "a name that nobody's words follow": (
        "a.txt",
        "Marta: Hello.\n\nTheo: Good day.\n\nMarta: Bye.\n\nTheo:",
        [(None, "Marta", "Hello."), (None, "Theo", "Good day."), (None, "Marta", "Bye."), (None, "Marta", "Theo:")],
    ),
    "a role behind the name": (
        "a.txt",
        "Ashlee Ostrander (SL): Welcome.\n\nLeo Brandt (host): Thanks.\n\nAshlee Ostrander (SL): So?",
        [(None, "Ashlee Ostrander (SL)", "Welcome."), (None, "Leo Brandt (host)", "Thanks."),
         (None, "Ashlee Ostrander (SL)", "So?")],
    ),
    "pronouns behind the name": (
        "a.vtt",
        "WEBVTT\n\n00:00.000 --> 00:01.000\nTheo Brandt: Hello.\n\n00:01.000 --> 00:02.000\nKim Ellison (she/her): Good day.\n\n"
        "00:02.000 --> 00:03.000\nTheo Brandt: So?\n",
        [(0, "Theo Brandt", "Hello."), (1, "Kim Ellison (she/her)", "Good day."), (2, "Theo Brandt", "So?")],
    ),
    "guests in heads": (
        "a.txt",
        "Theo Brandt   0:03\nThe harbour is closed.\n\nMarta Ellison (Guest)   0:09\nIt opens soon.\n\nTheo Brandt   1:15\nGood.",
        [(3, "Theo Brandt", "The harbour is closed."), (9, "Marta Ellison (Guest)", "It opens soon."),
         (75, "Theo Brandt", "Good.")],
    ),
    "family names first": (
        "a.txt",
        "Brandt, Theo   0:03\nThe harbour is closed.\n\nEllison, Marta   0:09\nIt opens soon.",
        [(3, "Brandt, Theo", "The harbour is closed."), (9, "Ellison, Marta", "It opens soon.")],
    ),
    "times in words below the name": (
        "a.txt",
        "Theo Brandt\n0 minutes 3 seconds\nThe harbour\n\nMarta Ellison\n1 hour 1 minute 5 seconds\nis closed.",
        [(3, "Theo Brandt", "The harbour"), (3665, "Marta Ellison", "is closed.")],
    ),
    "times in words behind the name": (
        "a.txt",
        "Theo Brandt 0 minutes 3 seconds\nThe harbour\n\nMarta Ellison 1 minute 5 seconds\nis closed.",
        [(3, "Theo Brandt", "The harbour"), (65, "Marta Ellison", "is closed.")],
    ),
    "a short line behind a clock": (
        "a.txt",
        "00:00:04 Who is it?\n\n00:00:07 Marta Quill.\n\n00:00:09 Yeah.\n\n00:00:16 Use Sentrybox\n\n00:00:18 Get started.",
        [(4, None, "Who is it?"), (7, None, "Marta Quill."), (9, None, "Yeah."), (16, None, "Use Sentrybox"),
         (18, None, "Get started.")],
    ),
    "a name behind a clock and above the words": (
        "a.txt",
        "00:04 Marta Ellison\nWho is it?\n\n00:07 Theo\nMe.\n\n00:09 Marta Ellison\nCome in.",
        [(4, "Marta Ellison", "Who is it?"), (7, "Theo", "Me."), (9, "Marta Ellison", "Come in.")],
    ),
    "a linked clock at the end of the line": (
        "a.md",
        "# The title\n*  The harbour is [[00:00:00](https://v.example/?t=0.0s)]\n*  Marta Quill. [[00:00:13](https://v.example/?t=13.8s)]\n"
        "*  Yeah. [[00:00:15](https://v.example/?t=15.7s)]",
        [(0, None, "The harbour is"), (13, None, "Marta Quill."), (15, None, "Yeah.")],
    ),
    "a linked clock before the words": (
        "a.txt",
        "[00:01:22](https://v.example/82) The harbour.\n[00:01:30](https://v.example/90) Is closed.",
        [(82, None, "The harbour."), (90, None, "Is closed.")],
    ),
    "a stamp within a sentence": (
        "a.txt",
        "[00:00:05] They sailed the black [00:01:00] sea for years.\n\n[00:02:00] Then (0:02:10) they stopped.",
        [(5, None, "They sailed the black"), (60, None, "sea for years."), (120, None, "Then"), (130, None, "they stopped.")],
    ),
    "a single stamp within a sentence": (
        "a.txt",
        "They sailed the black [00:01:00] sea for years.",
        [(None, None, "They sailed the black"), (60, None, "sea for years.")],
    ),
    "clocks with frames": (
        "a.txt",
        "00:00:01:00 - 00:00:04:15\nSpeaker 1\nThe harbour is closed.\n\n00:00:04:15 - 00:00:09:00\nSpeaker 2\nIt opens.\n\n"
        "00:00:09:00 - 00:00:12:00\nSpeaker 1\nGood.",
        [(1, "Speaker 1", "The harbour is closed."), (4.5, "Speaker 2", "It opens."), (9, "Speaker 1", "Good.")],
    ),
    "times with units": (
        "a.txt",
        "0h00m43s The harbour.\n0h01m02s Is closed.\n1h00m00s Good.",
        [(43, None, "The harbour."), (62, None, "Is closed."), (3600, None, "Good.")],
    ),
    "clocks in round brackets": (
        "a.txt",
        "(02:03) The harbour.\n(1:02:03) Is closed.",
        [(123, None, "The harbour."), (3723, None, "Is closed.")],
    ),
    "two digits of minutes behind the name": (
        "a.txt",
        "Emma 9:07\nThe harbour.\n\nTheo 20:07\nIs closed.\n\nEmma 1:20:07\nGood.",
        [(547, "Emma", "The harbour."), (1207, "Theo", "Is closed."), (4807, "Emma", "Good.")],
    ),
    "numbered speakers before clocks": (
        "a.txt",
        "Speaker 1 09:07\nThe harbour.\n\nSpeaker 2 20:07\nIs closed.",
        [(547, "Speaker 1", "The harbour."), (1207, "Speaker 2", "Is closed.")],
    ),
    "names and clocks in brackets": (
        "a.txt",
        "[Theo Brandt] [00:00] Hey.\n[Marta Ellison] [00:03] It opens.\n[Theo Brandt] [01:02:15] Thanks.",
        [(0, "Theo Brandt", "Hey."), (3, "Marta Ellison", "It opens."), (3735, "Theo Brandt", "Thanks.")],
    ),
    "a bold clock and name": (
        "a.md",
        "**[00:08] SPEAKER_00:** I wrote it.\n\n**[00:14] SPEAKER_01:** Did you?\n\n**[00:24] SPEAKER_00:** Yes.",
        [(8, "SPEAKER_00", "I wrote it."), (14, "SPEAKER_01", "Did you?"), (24, "SPEAKER_00", "Yes.")],
    ),
    "a clock and a bold name": (
        "a.md",
        "[00:17] **Theo Brandt**: I wrote it.\n\n[00:24] **Marta**: Did you?\n\n[00:34] **Theo Brandt**: Yes.",
        [(17, "Theo Brandt", "I wrote it."), (24, "Marta", "Did you?"), (34, "Theo Brandt", "Yes.")],
    ),
    "a bold name and a clock": (
        "a.md",
        "**Theo Brandt** (00:17): I wrote it.\n\n**Marta** (00:24): Did you?\n\n**Theo Brandt** [00:34]\nYes.",
        [(17, "Theo Brandt", "I wrote it."), (24, "Marta", "Did you?"), (34, "Theo Brandt", "Yes.")],
    ),
    "bold words that are no names": (
        "a.md",
        "**Theo:** I wrote it.\n\n**Important** things happen.\n\n**Theo:** Yes.\n\n**Sources:** none.",
        [(None, "Theo", "I wrote it."), (None, "Theo", "Important things happen."), (None, "Theo", "Yes."),
         (None, "Sources", "none.")],
    ),
    "names with a dash and a clock": (
        "a.txt",
        "Theo – 00:02:46:\n\nI wrote it.\n\nMarta- 00:02:50:\n\nDid you?\n\nTheo – 00:03:12:\n\nYes.",
        [(166, "Theo", "I wrote it."), (170, "Marta", "Did you?"), (192, "Theo", "Yes.")],
    ),
    "two turns without a blank line between them": (
        "a.txt",
        "Theo: I wrote\nit all.\nMarta: Did you?\n\nTheo: Yes.\nMarta: Ah.",
        [(None, "Theo", "I wrote it all."), (None, "Marta", "Did you?"), (None, "Theo", "Yes."), (None, "Marta", "Ah.")],
    ),
    "front matter": (
        "a.md",
        "---\nguest: Theo Brandt\ntitle: How to row\nkeywords:\n- harbour\n---\n\n# How to row\n\n## Transcript\n\n"
        "Theo Brandt (00:00:00):\nBegin early.\n\nMarta (00:00:31):\nWelcome.",
        [(0, "Theo Brandt", "Begin early."), (31, "Marta", "Welcome.")],
    ),
    "a table": (
        "a.md",
        "| Time | Speaker | Text |\n|---|---|---|\n| 0:01 | Theo | It rained. |\n| 0:05 | Marta | It did. |\n| 0:09 | Theo | So. |",
        [(1, "Theo", "It rained."), (5, "Marta", "It did."), (9, "Theo", "So.")],
    ),
    "talk between two rulers": (
        "a.md",
        "---\nTheo: Begin early.\nMarta: Why?\n---\nTheo: So.\nMarta: Ah.",
        [(None, "Theo", "Begin early."), (None, "Marta", "Why?"), (None, "Theo", "So."), (None, "Marta", "Ah.")],
    ),
    "rolling captions": (
        "a.txt",
        "they sailed the black\nthey sailed the black sea and grain\nsea and grain is dear\nis dear now the end\nthe end of it",
        [(None, None, "they sailed the black"), (None, None, "sea and grain"), (None, None, "is dear"),
         (None, None, "now the end"), (None, None, "of it")],
    ),
    "people who repeat themselves": (
        "a.txt",
        "no no\nno no\nno no\nI said no no\nno no",
        [(None, None, t) for t in ("no no", "no no", "no no", "I said no no", "no no")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_form_gives_its_turns(form: str) -> None:
    name, text, expected = FORMS[form]
    media_type = "text/plain" if name.endswith(".txt") else ""
    _, columns = transcripts.parse_transcript(text.encode(), media_type, name)
    got = [
        (None if math.isnan(s.start) else round(s.start, 2), s.speaker, s.text) for s in columns.transcript().segments()
    ]
    assert got == expected


def test_a_phrase_that_a_stamp_or_a_head_interrupts_is_whole() -> None:
    for form in ("a stamp within a sentence", "a single stamp within a sentence"):
        _, columns = transcripts.parse_transcript(FORMS[form][1].encode(), "text/plain")
        transcript = columns.transcript()
        assert "black sea" in transcript.text
        assert transcript.seconds_at(transcript.text.index("sea")) == 60


def test_front_matter_and_the_first_heading_give_the_title() -> None:
    name, text, _ = FORMS["front matter"]
    assert transcripts.parse_transcript(text.encode(), name=name)[1].title == "How to row"
    name, text, _ = FORMS["a linked clock at the end of the line"]
    assert transcripts.parse_transcript(text.encode(), name=name)[1].title == "The title"
