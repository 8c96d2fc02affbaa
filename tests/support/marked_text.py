"""Texts with their labelled spans marked in them, as in "{ORG:Kellogg} said": what a recogniser would have found."""

from __future__ import annotations

import re

from podwatch.entities.recognition import LabelledSpan

_MARK = re.compile(r"\{([A-Z_]+):([^}]*)\}")


def parse_marked(text: str) -> tuple[str, list[LabelledSpan]]:
    """(the text without its marks, the spans that they mark)."""
    plain, spans, last = "", [], 0
    for m in _MARK.finditer(text):
        plain += text[last : m.start()]
        spans.append(LabelledSpan(len(plain), len(plain) + len(m[2]), m[1]))
        plain += m[2]
        last = m.end()
    return plain + text[last:], spans
