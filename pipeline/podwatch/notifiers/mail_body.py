"""Renders the Block Kit of a card as the body of a mail: plain text, and HTML beside it. Pure.

What a stranger wrote stands in escaped text nodes only; addresses go through ``link_address``. No style sheet, no
picture, nothing that a mail reader would have to fetch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from podwatch.notifiers.block_kit import Block, Element
from podwatch.notifiers.escaping import clean_line, defuse_mentions, link_address

# The element of each kind of line, and how it looks: written at each, since many mail readers drop style sheets.
_STYLES = {
    "header": ("h2", "font-size:19px;margin:0 0 6px"),
    "text": ("p", "margin:10px 0 3px"),
    "quote": ("blockquote", "margin:0;padding:1px 0 1px 10px;border-left:4px solid #dddddd"),
    "note": ("p", "margin:12px 0 0;font-size:12px;color:#616061"),
}


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style."""

    text: str
    bold: bool = False
    struck: bool = False
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """kind: header, text, quote or note."""

    kind: str
    runs: tuple[Run, ...]


def mail_lines(blocks: Sequence[Block]) -> list[Line]:
    """The lines of a card; blocks without words (buttons), and empty lines, are left out."""
    return [line for block in blocks for line in _lines(block) if any(run.text.strip() for run in line.runs)]


def plain_text(lines: Sequence[Line]) -> str:
    """As plain text: the hit between stars, addresses written out, quotes behind ``>`` (RFC 3676, 4.5).

    A blank line stands above whatever is not the quote of the line above it.
    """
    rows: list[str] = []
    for line in lines:
        if rows and line.kind != "quote":
            rows.append("")
        rows.append(("> " if line.kind == "quote" else "") + "".join(map(_plain, line.runs)))
    return "\n".join(rows) + "\n"


def html_text(lines: Sequence[Line]) -> str:
    """As HTML that every mail reader shows alike: headings, paragraphs, quotes, bold, links."""
    tag = {kind: f'<{name} style="{style}">{{}}</{name}>' for kind, (name, style) in _STYLES.items()}
    rows = "\n".join(tag[line.kind].format("".join(map(_html, line.runs))) for line in lines)
    head = '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head>'
    return f'{head}<body style="font-family:sans-serif;font-size:15px">\n{rows}\n</body></html>\n'


def _lines(block: Block) -> Iterable[Line]:
    match block["type"]:
        case "header":
            yield Line("header", (_run(block["text"]),))
        case "context":
            yield Line("note", (Run(" ".join(_words(e) for e in block["elements"])),))
        case "rich_text":
            for part in block["elements"]:
                yield Line("quote" if part["type"] == "rich_text_quote" else "text", tuple(map(_run, part["elements"])))


def _run(element: Element) -> Run:
    style, url = element.get("style", {}), link_address(element.get("url"))
    return Run(_words(element) or url or "", bool(style.get("bold")), bool(style.get("strike")), url)


def _words(element: Element) -> str:
    return defuse_mentions(clean_line(element.get("text") or ""))


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
