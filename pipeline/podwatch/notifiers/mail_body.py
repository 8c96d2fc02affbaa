"""Turns the Block Kit of a card into a mail: plain text, and HTML beside it. Pure, and everything is escaped.

Made from the blocks, as the console's output is, so that a mail says what Slack's channel would read. What a stranger
wrote stands in text nodes only; addresses are http(s) and go through ``plain.address``. No style sheet, no picture,
nothing that a mail reader would have to fetch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from podwatch.notifiers import escaping as plain
from podwatch.notifiers.card import Block


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text in one look."""

    text: str
    bold: bool = False
    struck: bool = False
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """kind: header, text, quote, item or note."""

    kind: str
    runs: tuple[Run, ...]


def mail_lines(blocks: Sequence[Block]) -> list[Line]:
    """The lines of a card; blocks without words (buttons, dividers, what is not known) are left out."""
    return [line for block in blocks for line in _lines(block) if any(run.text.strip() for run in line.runs)]


def plain_text(card: Sequence[Line]) -> str:
    """As plain text: the hit between stars, addresses written out, quotes behind ``>`` (RFC 3676, 4.5)."""
    prefix = {"quote": "> ", "item": "- "}
    return "\n".join(prefix.get(line.kind, "") + "".join(map(_plain, line.runs)) for line in card) + "\n"


def html_text(card: Sequence[Line]) -> str:
    """As HTML that every mail reader shows alike: headings, paragraphs, quotes, bold, links."""
    tags = {"header": ("<h2>", "</h2>"), "quote": ("<blockquote>", "</blockquote>"), "item": ("<p>&bull; ", "</p>")}
    tags["note"] = ("<p><small>", "</small></p>")
    rows = []
    for line in card:
        opening, closing = tags.get(line.kind, ("<p>", "</p>"))
        rows.append(opening + "".join(map(_html, line.runs)) + closing)
    return '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head><body>\n' + "\n".join(rows) + "\n</body></html>\n"


def _lines(block: Block) -> Iterable[Line]:
    match block.get("type"):
        case "header":
            yield Line("header", (_run(block["text"]),))
        case "section":
            if "text" in block:
                yield Line("text", (_run(block["text"]),))
            for field in block.get("fields") or ():
                yield Line("text", (_run(field),))
        case "context":
            yield Line("note", (Run(" ".join(_words(e) for e in block["elements"])),))
        case "rich_text":
            for part in block["elements"]:
                yield from _part(part)


def _part(part: dict[str, Any]) -> Iterable[Line]:
    match part.get("type"):
        case "rich_text_quote":
            yield Line("quote", tuple(map(_run, part["elements"])))
        case "rich_text_list":
            for item in part["elements"]:
                yield Line("item", tuple(map(_run, item["elements"])))
        case _:
            yield Line("text", tuple(map(_run, part.get("elements") or ())))


def _run(element: dict[str, Any]) -> Run:
    style = element.get("style")
    style = style if isinstance(style, dict) else {}
    url = plain.link_address(element.get("url"))
    return Run(_words(element) or (url or ""), bool(style.get("bold")), bool(style.get("strike")), url)


def _words(element: dict[str, Any]) -> str:
    return plain.defuse_mentions(plain.clean_line(str(element.get("text") or "")))


def _plain(run: Run) -> str:
    words = f"*{run.text}*" if run.bold else f"~{run.text}~" if run.struck else run.text
    return f"{words} <{run.url}>" if run.url and run.url != run.text else words


def _html(run: Run) -> str:
    words = escape(run.text)
    if run.struck:
        words = f"<s>{words}</s>"
    if run.bold:
        words = f"<b>{words}</b>"
    return f'<a href="{escape(run.url)}">{words}</a>' if run.url else words
