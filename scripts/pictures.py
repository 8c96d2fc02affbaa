"""Draws the pictures in docs/ from the Block Kit that Slack gets, and from a mail: alerts, an edit, a digest, a report.

    python scripts/pictures.py            writes docs/*.svg
    python scripts/pictures.py FOLDER     writes them there, with both parts of the mail: mail.html, mail.txt

SVG, because it needs no browser and its changes show in a diff. Widths of letters are estimated.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import default
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from mail_picture import draw_mail  # noqa: E402
from podwatch.model import Alert, Digest, Episode, HoldReason, Kind, Mention, Report, Watch  # noqa: E402
from podwatch.notifiers import card, digest_card  # noqa: E402
from podwatch.notifiers.block_kit import Message  # noqa: E402
from podwatch.notifiers.mail import build_message  # noqa: E402
from podwatch.notifiers.mail_body import html_text, mail_lines, plain_text  # noqa: E402
from podwatch.notifiers.slack_buttons import actions_block  # noqa: E402

WIDTH, LEFT, SIZE, LINE = 680, 72, 15, 21
_NARROW, _WIDE = set("ijltfrI.,:;|'!()[] "), set("mwMW@%—")


@dataclass(frozen=True)
class Word:
    """A word with the blanks behind it, and its style."""

    text: str
    bold: bool = False
    strike: bool = False
    link: bool = False
    size: int = SIZE

    @property
    def width(self) -> float:
        units = sum(0.34 if c in _NARROW else 0.92 if c in _WIDE else 0.6 for c in self.text)
        return units * self.size * (1.07 if self.bold else 1.0)


def split_words(elements: Sequence[dict[str, Any]]) -> Iterator[Word]:
    """Words with the style of their element; the blanks between them are those of the text."""
    for e in elements:
        style = e.get("style", {})
        for part in re.findall(r"\S+ *| +", e["text"].replace("\u2060", "")):
            yield Word(part, bool(style.get("bold")), bool(style.get("strike")), e["type"] == "link")


def break_lines(found: Sequence[Word], room: float) -> list[list[Word]]:
    """Breaks words into lines of at most ``room`` pixels."""
    built: list[list[Word]] = [[]]
    x = 0.0
    for word in found:
        if not built[-1] and not word.text.strip():
            continue
        if built[-1] and x + word.width > room:
            built.append([])
            x = 0.0
        built[-1].append(word)
        x += word.width
    return built


class Picture:
    """Messages below each other; those of a thread are indented."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._y = 20.0

    def add_message(self, message: Message, *, thread: bool = False, edited: bool = False) -> None:
        left = LEFT + (48 if thread else 0)
        size = 26 if thread else 36
        box = f'x="{left - size - 12}" y="{self._y}" width="{size}" height="{size}" rx="6" fill="#3b4a6b"'
        at = f'x="{left - 12 - size / 2}" y="{self._y + size * 0.66}" font-size="{size * 0.5}"'
        self._out.append(f'<rect {box}/>\n<text {at} fill="#fff" text-anchor="middle">p</text>')
        name = [Word("podwatch ", bold=True), Word("APP ", size=10), Word("8:00 ", size=12)]
        self._line(name + ([Word("(edited)", size=12)] if edited else []), left)
        for block in message.blocks:
            self._block(block, left)
        self._y += 16

    def to_svg(self, title: str) -> str:
        body = "\n".join(self._out)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self._y:.0f}" role="img" '
            f"aria-label={quoteattr(title)} font-family=\"Lato, 'Helvetica Neue', Arial, sans-serif\">\n"
            f"<title>{escape(title)}</title>\n"
            f'<rect width="100%" height="100%" fill="#fff" stroke="#ddd"/>\n{body}\n</svg>\n'
        )

    def _block(self, block: dict[str, Any], left: float) -> None:
        self._y += 5
        if block["type"] == "header":
            size = 18
            self._text([Word(f"{w} ", bold=True, size=size) for w in block["text"]["text"].split(" ")], left)
        elif block["type"] == "actions":
            self._buttons([e["text"]["text"] for e in block["elements"]], left)
        elif block["type"] == "context":
            said = " ".join(e["text"] for e in block["elements"])
            self._text([Word(f"{w} ", size=12) for w in said.split(" ")], left)
        else:
            for part in block["elements"]:
                quote = part["type"] == "rich_text_quote"
                top = self._y
                if part["type"] == "rich_text_preformatted":
                    for row in "".join(e["text"] for e in part["elements"]).splitlines():
                        self._text([Word(row, size=12)], left)
                    continue
                self._text(list(split_words(part["elements"])), left + (14 if quote else 0))
                if quote:
                    height = self._y - top
                    self._out.append(f'<rect x="{left}" y="{top + 3}" width="4" height="{height}" rx="2" fill="#ddd"/>')

    def _buttons(self, names: Sequence[str], left: float) -> None:
        self._y += 5
        for name in names:
            width = Word(name, bold=True, size=13).width + 24
            box = f'x="{left}" y="{self._y}" width="{width:.0f}" height="28" rx="4" fill="#fff" stroke="#bbb"'
            at = f'x="{left + width / 2:.0f}" y="{self._y + 19}" font-size="13" font-weight="700" text-anchor="middle"'
            self._out.append(f'<rect {box}/>\n<text {at} fill="#1d1c1d">{escape(name)}</text>')
            left += width + 8
        self._y += 28

    def _text(self, found: list[Word], left: float) -> None:
        for line in break_lines(found, WIDTH - left - 20):
            self._line(line, left)

    def _line(self, line: Sequence[Word], left: float) -> None:
        self._y += LINE
        parts = []
        for word in line:
            colour = "#1264a3" if word.link else "#616061" if word.size < SIZE else "#1d1c1d"
            look = f'font-size="{word.size}" fill="{colour}"'
            look += ' font-weight="700"' if word.bold else ""
            look += ' text-decoration="line-through"' if word.strike else ""
            parts.append(f"<tspan {look}>{escape(word.text)}</tspan>")
        self._out.append(f'<text x="{left}" y="{self._y:.0f}" xml:space="preserve">{"".join(parts)}</text>')


EPISODE = Episode(
    guid="1", id=1, show="Back Channel", title="Thirteen days, part 2", link="https://backchannel.example/2",
    audio_url="https://cdn.backchannel.example/2.mp3", published_at=datetime(2026, 11, 3, 6, 0, tzinfo=UTC),
)  # fmt: skip
WATCH = Watch(name="dobrynin", entity="Anatoly Dobrynin", channel="#history", id=1)
SAID = [
    (34.0, "Host", "Dobrynin", "Tonight: how Anatoly Dobrynin carried a message that nobody was to write down.", None),
    (754.0, "Ruth Abel", "Dobrynin", "Kennedy told Dobrynin that there had to be an answer by Sunday.", None),
    (1310.0, "Ruth Abel", "Dobrynin", "What Dobrynin cabled home we have known only since the nineties.", None),
    (1502.0, "Host", "the Brennan", "So the Brennan tells Moscow, and Moscow believes him?", 0.83),
    (1840.0, "Ruth Abel", "Dobrynin", "Ambassador Dobrynin stayed for another twenty-four years.", None),
]  # fmt: skip


def sample_mention(at: int) -> Mention:
    seconds, speaker, surface, sentence, score = SAID[at]
    return Mention(
        watch="dobrynin", kind=Kind.SOUNDS_LIKE if score else Kind.ENTITY, score=score or 1.0, surface=surface,
        start=int(seconds * 15), end=int(seconds * 15) + len(surface), seconds=seconds, segment=at, speaker=speaker,
        snippet=sentence, snippet_start=sentence.find(surface),
        reason=f"{surface} ~ Dobrynin, {score:.2f}: sound distance 0.31, full name elsewhere" if score else "",
    )  # fmt: skip


def _episode(show: str, title: str) -> Episode:
    published = EPISODE.published_at
    return Episode(guid=title, show=show, title=title, link="https://a.example/e", published_at=published)


def _sea(sentence: str) -> Mention:
    return Mention(
        watch="grain-corridor", kind=Kind.EXACT, score=1.0, surface="Black Sea", start=9, end=18, seconds=300.0,
        segment=0, speaker=None, snippet=sentence, snippet_start=sentence.find("Black Sea"),
    )  # fmt: skip


REPORT = Report(
    key="r",
    channel="#trade",
    name="week",
    title="Podcasts, 2026-11-16 to 2026-11-23",
    lines=(
        "60 mentions: black-sea 48 in 21, dobrynin 12 in 9",
        "nothing of: naval-quarantine",
        "26 alerts sent, 4 held: 3 the watch was muted, 1 waits for the digest",
    ),
    coverage="listened to 212 of 260 episodes in this time; 41 had no transcript, 7 failed",
    columns=("watch", "mentions", "episodes", "sent", "held"),
    rows=(("black-sea", "48", "21", "18", "3"), ("dobrynin", "12", "9", "8", "1"), ("naval-quarantine",) + ("0",) * 4),
)


CORRIDOR = Watch(name="grain-corridor", query='"black sea" WITHIN 60s (grain OR wheat)', channel="#trade", id=3)
TALK = (
    "Now to the Black Sea, where we left it last week: the pilots had been waiting for nine days, nobody on the "
    "bridge knew whether the insurers would pay, and the harbour master, who has seen four of these, told us that "
    "he no longer looks at the calendar but only at the list of ships, which hangs beside the stove in the pilots' "
    "room, where they play cards for matches, and where a telephone rang in the middle of our talk that nobody wanted "
    "to answer, because the one before had brought the news of the mine, and the one before that the bill of the "
    "tug, and so it rang on until it stopped. And then, on Tuesday, the first wheat moved."
)


def near_alert() -> Alert:
    """A stretch that is longer than a card shows, and a sentence in which the name was misheard."""
    surface = TALK[TALK.index("Black Sea") : TALK.index("wheat") + len("wheat")]
    long = Mention(
        watch="grain-corridor", kind=Kind.EXACT, score=1.0, surface=surface, start=40, end=40 + len(surface),
        seconds=221.0, segment=3, speaker="Ann Lee", snippet=TALK, snippet_start=TALK.index("Black Sea"),
    )  # fmt: skip
    again = "Nobody grows grain for the Black Sea alone."
    short = Mention(
        watch="grain-corridor", kind=Kind.EXACT, score=1.0, surface="grain for the Black Sea", start=9000, end=9023,
        seconds=900.0, segment=9, speaker="Bo Sand", snippet=again, snippet_start=again.index("grain"),
        approximate=True,
    )  # fmt: skip
    about = replace(EPISODE, show="Trade Winds", title="The corridor reopens")
    return Alert(key="n", watch=CORRIDOR, episode=about, channel="#trade", mentions=[long, short])


def mail_subject(alert: Alert) -> str:
    """What the mail of an alert is called."""
    subject: str = message_from_bytes(whole_mail(alert), policy=default)["subject"]
    return subject


def whole_mail(alert: Alert) -> bytes:
    """The mail as it is sent."""
    sender = Address("podwatch", "podwatch", "example.org")
    when = datetime(2026, 11, 3, 8, 0, tzinfo=UTC)
    return build_message(alert.key, mail_lines(card.blocks(alert)), sender, ("team@example.org",), when, "", "")


def pictures() -> dict[str, str]:
    """name -> SVG."""
    found = {}
    alert = Alert(
        key="k", watch=WATCH, episode=EPISODE, channel="#history", mentions=[sample_mention(i) for i in range(5)]
    )
    root, *thread = card.alert_messages(alert)
    picture = Picture()
    picture.add_message(replace(root, blocks=[*root.blocks, actions_block(alert.key)]))
    for reply in thread:
        picture.add_message(reply, thread=True)
    found["alert"] = picture.to_svg("An alert with its three best sentences, and its thread")

    changed = Alert(
        key="k",
        watch=WATCH,
        episode=EPISODE,
        channel="#history",
        mentions=[sample_mention(1)],
        gone=[sample_mention(2)],
    )
    picture = Picture()
    picture.add_message(card.alert_messages(changed)[0], edited=True)
    found["edited"] = picture.to_svg("An alert after its transcript was corrected")

    grain = Watch(name="grain-corridor", query='"black sea"', channel="#trade", id=2)
    shows = [("Trade Winds", "The corridor reopens", "Ships on the Black Sea waited nine days for a pilot."),
             ("Harbour Hour", "Insurance after the storm", "Nobody insures the Black Sea at that price.")]  # fmt: skip
    collected = [
        Alert(key=title, watch=grain, channel="#trade", episode=_episode(show, title), mentions=[_sea(said)])
        for show, title, said in shows
    ]
    picture = Picture()
    for page in digest_card.digest_messages(
        Digest(
            key="d",
            channel="#trade",
            alerts=[*collected, alert],
            why=HoldReason.CEILING,
            coverage="listened to 41 of 52 episodes since the last digest; 11 had no transcript",
        )
    ):
        picture.add_message(page)
    found["digest"] = picture.to_svg("A digest of three alerts")
    near = near_alert()
    picture = Picture()
    for n, message in enumerate(card.alert_messages(near)):
        picture.add_message(message, thread=n > 0)
    found["near"] = picture.to_svg("An alert of a query with WITHIN, and one with a misspelt name")
    found["mail"] = draw_mail(mail_subject(near), mail_lines(card.blocks(near)), "A mail, in both its parts")
    picture = Picture()
    for n, page in enumerate(digest_card.digest_messages(REPORT)):
        picture.add_message(page, thread=n > 0)
    found["report"] = picture.to_svg("A weekly report, with its table in the thread")
    return found


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in pictures().items():
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
        print(f"{folder.name}/{name}.svg")
    if len(sys.argv) > 1:
        lines = mail_lines(card.blocks(near_alert()))
        (folder / "mail.txt").write_text(plain_text(lines), encoding="utf-8")
        (folder / "mail.html").write_text(html_text(lines), encoding="utf-8")
