"""The card of a report: its title and lines, and its table, as CSV, in the thread."""

from __future__ import annotations

import csv
import io

from podwatch.model import Report
from podwatch.notifiers.block_kit import (
    MAX_HEADER,
    Message,
    context_block,
    header_block,
    pack_lines,
    rich_text_blocks,
    text_element,
)
from podwatch.notifiers.escaping import display_text, escape_mrkdwn, flatten_markup

_MAX_LINE = 600
_MAX_TABLE = 2_500  # characters of CSV in one block


def report_messages(report: Report) -> list[Message]:
    """The report's message, and those with its table in the thread."""
    title = display_text(report.title, MAX_HEADER - 10) or "podwatch"
    lines = [line for text in report.lines if (line := display_text(text, _MAX_LINE))]
    sections = [("rich_text_section", [text_element(line)]) for line in lines]
    coverage = display_text(report.coverage, _MAX_LINE)
    blocks = [header_block(title), *rich_text_blocks(*sections), *([context_block(coverage)] if coverage else [])]
    text = "\n".join(_escape(part) for part in (title, *lines, coverage) if part)
    chunks = [(f"```{_escape(rows)}```", _preformatted(rows)) for rows in _chunks(report)]
    return [Message(text, blocks), *pack_lines(chunks, "podwatch coverage --by watch")]


def csv_text(report: Report) -> str:
    """The report's table as CSV (RFC 4180); "" when it has none.

    A cell that a spreadsheet would take for a formula begins with an apostrophe: names come from strangers, too.
    """
    if not report.rows:
        return ""
    out = io.StringIO()
    csv.writer(out).writerows([_harmless(cell) for cell in row] for row in (report.columns, *report.rows))
    return out.getvalue()


def _harmless(cell: str) -> str:
    text = display_text(cell, 1_000)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


def _chunks(report: Report) -> list[str]:
    """The CSV in pieces of whole lines that fit into a block each."""
    pieces: list[str] = []
    for line in csv_text(report).splitlines():
        if pieces and len(pieces[-1]) + len(line) < _MAX_TABLE:
            pieces[-1] += f"\n{line}"
        else:
            pieces.append(line)
    return pieces


def _preformatted(text: str) -> dict[str, object]:
    [block] = rich_text_blocks(("rich_text_preformatted", [text_element(text)]))
    return block


def _escape(text: str) -> str:
    return escape_mrkdwn(flatten_markup(text))
