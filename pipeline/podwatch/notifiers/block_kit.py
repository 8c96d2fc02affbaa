"""Slack's Block Kit: its elements and blocks as plain dicts, its limits, and lines packed into messages.

``rich_text`` blocks and not mrkdwn: mrkdwn is a language, and a snippet is what a stranger said. In mrkdwn a star in
the snippet ends the bold of the hit, and ``*Putin*s`` is not bold at all (Slack wants blanks around the stars). A
rich_text element has its text and its style apart, parses nothing, and needs no escaping
(docs.slack.dev/reference/block-kit/blocks/rich-text-block).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from podwatch.notifiers.escaping import display_text, escape_mrkdwn

Block = dict[str, Any]
Element = dict[str, Any]

MAX_HEADER = 150  # characters: Slack's limit
MAX_MESSAGE_BYTES = 10_000  # of JSON. Slack publishes no limit over all blocks; 13,200 were refused
MAX_BLOCKS = 45  # in one message; Slack's limit is 50
MAX_REPLIES = 5  # messages that continue an alert or a digest in its thread; what does not fit is counted


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its blocks, and the text that stands in for them in notifications and where blocks are refused."""

    text: str
    blocks: list[Block]


def text_element(text: str, *, bold: bool = False, strike: bool = False) -> Element:
    style = {name: True for name, on in (("bold", bold), ("strike", strike)) if on}
    return {"type": "text", "text": text, "style": style} if style else {"type": "text", "text": text}


def link_element(url: str, label: str) -> Element:
    return {"type": "link", "url": url, "text": label}


def with_separators(elements: Iterable[Element]) -> list[Element]:
    """The elements with `` · `` between them."""
    return [part for e in elements for part in (text_element(" · "), e)][1:]


def header_block(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def context_block(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "plain_text", "text": text, "emoji": False}]}


def rich_text_blocks(*parts: tuple[str, list[Element]]) -> list[Block]:
    """One rich_text block of the parts (type, elements) that have elements, or none: Slack refuses empty ones."""
    filled = [{"type": kind, "elements": elements} for kind, elements in parts if elements]
    return [{"type": "rich_text", "elements": filled}] if filled else []


def json_size(blocks: Sequence[Block]) -> int:
    """Bytes of the blocks as JSON."""
    return len(json.dumps(blocks, ensure_ascii=False).encode())


def pack_lines(lines: Sequence[tuple[str, Block]], command: str) -> list[Message]:
    """Packs lines (text, block) into at most MAX_REPLIES messages within Slack's limits; the rest is counted.

    command: the one that shows everything.
    """
    pages: list[list[tuple[str, Block]]] = []
    left = 0  # bytes of the last page
    for line in lines:
        cost = json_size([line[1]])
        if left < cost or len(pages[-1]) >= MAX_BLOCKS:
            pages.append([])
            left = MAX_MESSAGE_BYTES - 400
        pages[-1].append(line)
        left -= cost
    messages = [Message("\n".join(t for t, _ in page), [b for _, b in page]) for page in pages[:MAX_REPLIES]]
    if count := sum(map(len, pages[MAX_REPLIES:])):
        note = f"and {count} more: {display_text(command, 200)}"
        last = messages[-1]
        messages[-1] = Message(f"{last.text}\n{escape_mrkdwn(note)}", [*last.blocks, context_block(note)])
    return messages
