"""Prints alerts on a terminal or into a pipe: made from the blocks that Slack would get, so that both show the same."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.panel import Panel
from rich.style import Style
from rich.text import Text

from podwatch.errors import ChannelError
from podwatch.model import Alert, Digest
from podwatch.notifiers import Receipt, card
from podwatch.notifiers.block_kit import Block, Element
from podwatch.notifiers.digest_card import digest_messages
from podwatch.notifiers.escaping import clean_line, link_address, truncate_end
from podwatch.notifiers.page_links import with_page

_WIDTH = 100  # columns; longer lines read badly
_HEADER, _HIT = Style(bold=True), Style(bold=True, color="magenta")
_LINK, _QUIET, _STRUCK = Style(underline=True), Style(dim=True), Style(strike=True)


class ConsoleNotifier:
    """Prints each alert to standard output, looked up at each send: Airflow and tests replace it."""

    def __init__(self, console: Console | None = None, page: str = "") -> None:
        self._console, self._page = console, page

    def send(self, alert: Alert) -> Receipt:
        """Print the alert; raises a retryable ChannelError when the output is closed."""
        return self._print(alert, card.blocks(with_page(alert, self._page)))

    def send_digest(self, digest: Digest) -> Receipt:
        """Print the digest with what Slack would show in its thread; raises as send() does."""
        messages = digest_messages(with_page(digest, self._page))
        return self._print(digest, [block for message in messages for block in message.blocks])

    def find(self, key: str, channel: str, age: timedelta) -> Receipt | None:
        """Always None: a console keeps no history."""
        return None

    def _print(self, content: Alert | Digest, blocks: Sequence[Block]) -> Receipt:
        if self._console is None and sys.stdout is None:  # a process started without one; rich would print to nowhere
            raise _closed_output(content.channel)
        print_blocks(content.channel, blocks, self._console or Console())
        return Receipt("console", content.key)


def print_alert(alert: Alert, console: Console) -> None:
    """Print the alert as Slack would show it; see print_blocks."""
    print_blocks(alert.channel, card.blocks(alert), console)


def print_blocks(channel: str, blocks: Sequence[Block], console: Console) -> None:
    """Print the blocks under the channel's name: a panel on a terminal, plain lines in a pipe.

    Characters that the output's encoding lacks become question marks. Raises ChannelError (retryable) when the
    output is closed.
    """
    title, rendered = Text(truncate_end(clean_line(channel), _WIDTH - 8)), render_blocks(blocks)
    try:
        with console.capture() as capture:
            if console.is_terminal:
                panel = Panel(rendered, title=title, title_align="left", padding=(1, 2))
                console.print(panel, width=min(_WIDTH, console.width))
            else:
                console.print(title, rendered, "", sep="\n", soft_wrap=True, markup=False, emoji=False, highlight=False)
        _write(console, capture.get())
    except (OSError, ValueError) as e:  # a broken pipe; a closed file
        raise _closed_output(channel) from e


def render_blocks(blocks: Sequence[Block]) -> RenderableType:
    """Block Kit as something rich can print: wrapped and styled on a terminal, whole marked lines elsewhere.

    Knows the blocks and elements that cards have, and leaves others out. Nothing in them is taken for rich's markup
    or reaches the terminal as an escape sequence, whoever wrote them.
    """
    return _BlockRenderer(tuple(blocks))


@dataclass(frozen=True)
class _BlockRenderer:
    blocks: tuple[Block, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        styled = options.is_terminal and console.color_system is not None  # a dumb terminal shows no links
        bar = "| " if options.ascii_only else "│ "
        for i, block in enumerate(self.blocks):
            if i and options.is_terminal:
                yield Text()
            for kind, line in _lines(block, styled=styled):
                if not options.is_terminal:
                    yield Text.assemble({"header": "", "rich_text_quote": "  > "}.get(kind, "  "), line)
                elif kind == "rich_text_quote":
                    for part in line.wrap(console, max(1, options.max_width - len(bar))):
                        yield Text.assemble((bar, _QUIET), part)
                else:
                    yield line


def _lines(block: Block, *, styled: bool) -> Iterable[tuple[str, Text]]:
    """(type, line) of each line of a block."""
    match block["type"]:
        case "header":
            yield "header", Text(clean_line(block["text"]["text"]), _HEADER if styled else "")
        case "rich_text":
            for part in block["elements"]:
                if part["type"] == "rich_text_preformatted":
                    rows = (row for e in part["elements"] for row in e["text"].splitlines())
                    yield from ((part["type"], Text(clean_line(row))) for row in rows)
                    continue
                yield part["type"], Text.assemble(*(_element(e, styled=styled) for e in part["elements"]))
        case "context":
            yield "context", Text(" ".join(clean_line(e["text"]) for e in block["elements"]), _QUIET if styled else "")


def _element(element: Element, *, styled: bool) -> Text:
    """A text or a link. Without styles the bold is marked as in Slack's own plain text, and the address written out."""
    text = clean_line(element.get("text", ""))
    bold, struck = (bool(element.get("style", {}).get(name)) for name in ("bold", "strike"))
    url = link_address(element.get("url"))
    if not styled:
        text = f"~{text}~" if struck else f"*{text}*" if bold else text
        return Text(f"{text} <{url}>" if url else text)
    return Text(text, _LINK + Style(link=url) if url else _STRUCK if struck else _HIT if bold else "")


def _closed_output(channel: str) -> ChannelError:
    return ChannelError("nobody reads the output", where=channel, todo="keep it open", retryable=True)


def _write(console: Console, text: str) -> None:
    """Writes all at once, so that the alerts of two threads do not mix."""
    try:
        text = text.encode(console.encoding, "replace").decode(console.encoding)
    except LookupError:  # an encoding that Python does not know
        text = text.encode("ascii", "replace").decode()
    console.file.write(text)
    console.file.flush()
