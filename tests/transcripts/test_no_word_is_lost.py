"""Whatever is decided about speakers and times, every word that a reader sees is in the transcript.

The documents are put together from all that text formats hold: names before colons, clocks in every form, headings,
bold, lists, blank lines. Each word of the talk is in it once, so that one that is lost, or told twice, is seen.
"""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from podwatch.errors import TranscriptError
from podwatch.transcripts import formats as transcripts
from tests.support.hypothesis_profiles import examples

NAMES = (
    "Ann", "Bob", "Ukraine", "Breaking News", "Operation Midnight Hammer", "Ann Lee (host)", "Kim Lee (she/her)",
    "Smith, John", "SPEAKER_00", "Speaker 1", "Yeah", "Undertekster Af", "note", "Use Sentry", "Marta Quill.",
)  # fmt: skip
CLOCKS = (
    "{}", "[{}]", "({})", "[{} --> 59:59]", "{} - 59:58", "00:{}", "[01:{}]", "(1:{})", "00:{}:05", "[{}](https://x.example/)",
    "[[{}](https://x.example/?a=(b)]",
)  # fmt: skip
LINES = (
    "{words}", "{name}: {words}", "{name}:", "{name}", "{clock} {words}", "{clock} {name}", "{clock} {name}: {words}",
    "{name} {clock}", "{name} ({seconds}): {words}", "[{name}] [{seconds}] {words}", "{words} {clock}",
    "{words} {clock} {more}", "**{name}:** {words}", "**{name}**: {words}", "**{name}** {clock}", "__{name}__ {words}",
    "**{clock} {name}:** {words}", "[{seconds}] **{name}**: {words}", "* {words} [[{seconds}](https://x.example/)]",
    "- {name}: {words}", ">> {words}", ">> {name}: {words}", "# {words}", "## {words}", "{name}\n{clock}\n{words}",
    "{clock}\n{name}\n{words}", "{seconds}", "", "", "---", "{name} 1 minute 5 seconds", "0h01m05s {words}",
    "{words}: {more}", "*{words}* {more}", "{words} (aside) {more}",
)  # fmt: skip
WORD = re.compile(r"[^\W\d_]+")


def spell(number: int) -> str:
    """A word for a number, in small letters, unlike any other."""
    return "w" + "".join(chr(ord("a") + int(digit)) for digit in str(number)) + "x"


@st.composite
def documents(draw: st.DrawFn) -> str:
    lines, said = [], 0
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4))
    kinds = draw(st.lists(st.sampled_from(LINES), min_size=1, max_size=4))
    clock = draw(st.sampled_from(CLOCKS))
    for at in range(draw(st.integers(1, 12))):
        words = [spell(said + i) for i in range(draw(st.integers(1, 4)))]
        said += len(words) + 1
        if draw(st.booleans()):
            words[0] = words[0].title()
        seconds = f"{at:02}:{draw(st.integers(0, 59)):02}"
        lines.append(
            draw(st.sampled_from(kinds)).format(
                words=" ".join(words),
                more=spell(said - 1),
                name=draw(st.sampled_from(names)),
                seconds=seconds,
                clock=clock.format(seconds),
            )
        )
    return draw(st.sampled_from(("\n", "\n\n"))).join(lines)


def assert_nothing_is_lost(text: str, data: str, media_type: str) -> None:
    """text: what a reader sees. data: the document."""
    seen = re.sub(r"\]\([^\s]*\)", "] ", text)
    seen = re.sub(r"(?:\d+[hms])+|\d+ (?:minutes?|seconds?)", " ", seen)
    try:
        _, columns = transcripts.parse_transcript(data.encode(), media_type)
    except TranscriptError:
        assert not WORD.search(seen) or seen.lstrip().startswith("#"), "refused"
        return
    transcript = columns.transcript()
    got = Counter(WORD.findall(f"{transcript.text} {columns.title}"))
    named = set(WORD.findall(" ".join(s for s in transcript.speakers if s)))
    for word, count in Counter(WORD.findall(seen)).items():
        is_said_once = word.lower().startswith("w") and word.endswith("x")
        assert got[word] == count if is_said_once and word not in named else got[word] or word in named, word


@settings(max_examples=examples(600))
@given(documents(), st.sampled_from(["text/plain", "text/markdown"]))
@example("Ukraine: waax\n\nMore.", "text/plain")
@example("00:01 wax wbx wcx\n\n00:02 Use Sentry\n\n00:03 wdx", "text/plain")
@example("Bob:\nwcx\nAnn:\n>> wgx\nBob:", "text/plain")
@example("---\nnote: wcx\n---", "text/plain")
@example("---\nnote: wcx\n---\n\nAnn: wdx", "text/markdown")
def test_every_word_of_a_text_is_in_the_transcript(text: str, media_type: str) -> None:
    assert_nothing_is_lost(text, text, media_type)


@settings(max_examples=examples(200))
@given(st.lists(st.tuples(st.sampled_from(("", *NAMES)), st.integers(1, 4)), min_size=1, max_size=12), st.booleans())
def test_every_word_of_captions_is_in_the_transcript(cues: list[tuple[str, int]], is_vtt: bool) -> None:
    said, bodies = 0, []
    for name, count in cues:
        words = " ".join(spell(said + i) for i in range(count))
        said += count
        bodies.append(f"{name}: {words}" if name else words)
    lines = (f"00:00:{i:02}.000 --> 00:00:{i + 1:02}.000\n{body}\n" for i, body in enumerate(bodies))
    text = "\n".join(lines)
    assert_nothing_is_lost("\n".join(bodies), f"WEBVTT\n\n{text}" if is_vtt else text.replace(".000", ",000"), "")


@settings(max_examples=examples(200))
@given(documents(), st.sampled_from(("<p>{}</p>", "<div>{}<br></div>", "<article><li>{}</li></article>")))
def test_every_word_of_a_piece_of_html_is_in_the_transcript(text: str, block: str) -> None:
    text = text.replace(">", "&gt;")
    assert_nothing_is_lost(text.replace("&gt;", ">"), "".join(block.format(line) for line in text.split("\n")), "")
