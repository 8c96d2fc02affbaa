"""What to do about a text that is no YAML: nearly always a query with quotes of its own needs single ones around it."""

from __future__ import annotations

from podwatch.lazy_patterns import lazy_pattern

_LINE_BREAK = lazy_pattern("\r\n|[\n\r\x85\u2028\u2029]")
# A key with a value in a line of its own, or in a mapping between { and }.
_BLOCK = lazy_pattern(r"^\s*(?:-\s+)?(?P<key>\w+):\s+(?P<value>\S.*?)\s*$")
_FLOW = lazy_pattern(r"[{,]\s*(?P<key>\w+):\s+(?P<value>[\"'][^\"']*[\"'](?=\s*[^\s,}\]]).*?)\s*(?=,\s*\w+:|\})")
_FLOW_COMMENT = lazy_pattern(r"[{,\[]\s*(?:(?P<key>\w+):\s+)?(?P<value>#[^\s,}\]]+)")
_WHOLE = lazy_pattern(r"\"(?:[^\"\\\\]|\\\\.)*\"(?:\s+#.*)?|'(?:[^']|'')*'(?:\s+#.*)?")
# How a value begins, or what is in it, that YAML takes for its own.
_SPECIAL = lazy_pattern(r"[\"'*&!%@`|>\[{]|.*:\s|.*\s#")
MAX_SHOWN = 100  # characters of a corrected value


def advise_on_yaml(text: str, line: int) -> str:
    """The value that needs quotes, as it should be written; "" where none is found. line: where YAML gave up, from 1.

    YAML often notices only in the line below.
    """
    lines = _LINE_BREAK.split(text)
    for number in (line, line - 1):
        if 1 <= number <= len(lines) and (advice := _advise_on_line(lines[number - 1])):
            return advice
    return ""


def _advise_on_line(line: str) -> str:
    if comment := _FLOW_COMMENT.search(line):
        return f'# begins a comment: write "{comment["value"]}" in quotes'
    for form in (_FLOW, _BLOCK):
        found = form.search(line)
        if found and _SPECIAL.match(found["value"]) and not _WHOLE.fullmatch(found["value"]):
            if form is _BLOCK and found["value"][0] in "{[":
                continue
            quoted = "'" + found["value"].replace("'", "''") + "'"
            shown = f"{found['key']}: {quoted}" if len(quoted) <= MAX_SHOWN else f"{found['key']}: '...'"
            return f"put the {found['key']} in single quotes: {shown}"
    return ""
