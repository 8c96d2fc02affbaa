"""Draws a mail as its readers see it: the plain part as it is, and the HTML part as a mail reader shows it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from podwatch.notifiers.mail_body import Line, plain_text

WIDTH, LEFT, LINE, COLUMNS = 860, 24, 18, 100
SIZES = {"header": 19, "note": 12}


def draw_mail(subject: str, lines: Sequence[Line], title: str) -> str:
    """Both parts of a mail with these lines, below each other, as SVG."""
    out: list[str] = []
    y = _draw_head(out, 30, "text/plain", subject)
    for row in plain_text(lines).splitlines():
        for part in textwrap.wrap(row, COLUMNS) or [""]:
            y += LINE
            out.append(f'<text x="{LEFT}" y="{y}" xml:space="preserve" font-size="13" {_MONO}>{escape(part)}</text>')
    y = _draw_head(out, y + 40, "text/html", subject)
    for line in lines:
        y = _draw_line(out, y, line)
    body = "\n".join(out)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 24}" role="img" '
        f"aria-label={quoteattr(title)} font-family=\"Arial, 'DejaVu Sans', sans-serif\">\n"
        f"<title>{escape(title)}</title>\n"
        f'<rect width="100%" height="100%" fill="#fff" stroke="#ddd"/>\n{body}\n</svg>\n'
    )


_MONO = "font-family=\"'DejaVu Sans Mono', Menlo, monospace\""


def _draw_head(out: list[str], y: int, part: str, subject: str) -> int:
    out.append(f'<text x="{LEFT}" y="{y}" font-size="12" fill="#616061" {_MONO}>{escape(part)}</text>')
    out.append(f'<text x="{LEFT + 110}" y="{y}" font-size="13" font-weight="700">Subject: {escape(subject)}</text>')
    out.append(f'<line x1="{LEFT}" x2="{WIDTH - LEFT}" y1="{y + 9}" y2="{y + 9}" stroke="#ddd"/>')
    return y + 14


def _draw_line(out: list[str], y: int, line: Line) -> int:
    """A line of the HTML part: words flow into rows, as a reader breaks them."""
    size = SIZES.get(line.kind, 15)
    left = LEFT + (14 if line.kind == "quote" else 0)
    rows: list[list[str]] = [[]]
    used = 0.0
    for run in line.runs:
        look = ' font-weight="700"' if run.bold or line.kind == "header" else ""
        look += ' text-decoration="line-through"' if run.struck else ""
        look += ' fill="#0000ee" text-decoration="underline"' if run.url else ""
        for word in re.findall(r"\S+ *| +", run.text.replace("\u2060", "")):
            width = len(word) * size * 0.52
            if rows[-1] and used + width > WIDTH - left - LEFT:
                rows.append([])
                used = 0.0
            rows[-1].append(f"<tspan{look}>{escape(word)}</tspan>")
            used += width
    y += 3 if line.kind == "quote" else 10
    top = y
    for row in rows:
        y += round(size * 1.35)
        words = "".join(row)
        out.append(f'<text x="{left}" y="{y}" font-size="{size}" xml:space="preserve">{words}</text>')
    if line.kind == "quote":
        out.append(f'<rect x="{LEFT}" y="{top + 2}" width="4" height="{y - top + 2}" fill="#ddd"/>')
    return y
