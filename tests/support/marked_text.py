"""Texts with their named spans marked in them, as "{ORG:Kellogg} said": what a recogniser would have given."""

from __future__ import annotations

import re

from podwatch.entities.chunking import Span

_MARK = re.compile(r"\{([A-Z_]+):([^}]*)\}")


def marked(text: str) -> tuple[str, list[Span]]:
    """(the text without its marks, the spans that they mark)."""
    plain, spans, last = "", [], 0
    for m in _MARK.finditer(text):
        plain += text[last : m.start()]
        spans.append(Span(len(plain), len(plain) + len(m[2]), m[1]))
        plain += m[2]
        last = m.end()
    return plain + text[last:], spans
