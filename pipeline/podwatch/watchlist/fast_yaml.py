"""Reads the YAML that nearly every watchlist consists of with libyaml, ten times as fast as ruamel.yaml reads it.

What it takes it reads as ruamel.yaml does, a test holds that. For all else (an alias, a tag, a key twice, a number in
an unusual form, any mistake) it returns None, and ruamel.yaml decides: it is YAML 1.2, and its errors are shown.
"""

from __future__ import annotations

import re
from typing import Any

from podwatch.lazy_patterns import lazy_pattern

_UNUSUAL = lazy_pattern(  # read otherwise by YAML 1.1, which libyaml knows, or by ruamel
    "|".join(
        (
            r"[\t\r\x85\xa0\u2028\u2029\ufeff]",  # other blanks and line breaks, a byte order mark
            r"^%|^\s*\?",  # directives and complex keys
            r"(?:^|[\s\[{,:-])!(?:\s|$)",  # a tag without a name
            r"[|>][-+0-9]*(?:#| *\n *\n)",  # a block whose head has a comment without a blank, or no text below
        )
    ),
    re.MULTILINE,
)
_NULLS = frozenset({"~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_WHOLE = lazy_pattern(r"0|-?[1-9][0-9]{0,17}")
_FRACTION = lazy_pattern(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")
# What a scalar has that is no number, no time and none of the words above: how it begins, or a letter that those lack.
_TEXT = lazy_pattern(r"[^-+.0-9=<~]|[0-9]{1,4}[mhdw]$|[^=<][^=]*[^-+.,:_0-9a-fA-FxXoOtTzZiInN \t=<]")
_PLAIN, _QUOTED, _MAPPING, _SEQUENCE = "plain", "quoted", "mapping", "sequence"


class Unusual(Exception):
    """YAML that is left to ruamel.yaml."""


class Places:
    """Where the parts of a mapping or list stand, from 0; the part of ruamel's ``lc`` that podwatch reads.

    data: of a mapping, by key: line and column of the key, then of its value; of a list, by index: those of the item.
    """

    __slots__ = ("data",)

    def __init__(self, data: dict[Any, list[int]]) -> None:
        self.data = data

    def item(self, index: int) -> tuple[int, int]:
        line, column = self.data[index][:2]
        return line, column


class PlacedDict(dict[str, Any]):
    """A mapping that knows where its keys and values stand."""

    __slots__ = ("lc",)
    lc: Places


class PlacedList(list[Any]):
    """A list that knows where its items stand."""

    __slots__ = ("lc",)
    lc: Places


def read_usual_yaml(text: str) -> PlacedDict | None:
    """The mapping that a text holds; None where ruamel.yaml has to read it."""
    if _UNUSUAL.search(text):
        return None
    try:
        import yaml
        from yaml.cyaml import CParser
    except ImportError:  # PyYAML without libyaml
        return None

    class Composer(CParser):  # type: ignore[misc]
        """Composes nodes that say how they are written, instead of resolving them as YAML 1.1."""

        def descend_resolver(self, parent: Any, index: Any) -> None: ...

        def ascend_resolver(self) -> None: ...

        def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
            if kind is yaml.ScalarNode:
                return _PLAIN if implicit[0] else _QUOTED
            return _MAPPING if kind is yaml.MappingNode else _SEQUENCE

    try:
        root = Composer(text).get_single_node()
        if root is None or root.tag != _MAPPING:
            return None
        return _Reader().mapping(root)
    except (yaml.YAMLError, Unusual, RecursionError, ValueError):
        return None


class _Reader:
    """Turns nodes into values; a node that it meets twice is an alias."""

    def __init__(self) -> None:
        self._met: set[int] = set()  # the nodes all live as long as their root

    def value(self, node: Any) -> Any:
        if id(node) in self._met:
            raise Unusual
        self._met.add(id(node))
        tag = node.tag
        if tag == _PLAIN:
            return _plain(node.value)
        if tag == _QUOTED:
            return node.value
        if tag == _MAPPING:
            return self.mapping(node)
        if tag == _SEQUENCE:
            return self.sequence(node)
        raise Unusual

    def mapping(self, node: Any) -> PlacedDict:
        found = PlacedDict()
        places: dict[Any, list[int]] = {}
        for key_node, value_node in node.value:
            key = self.value(key_node)
            if not isinstance(key, str) or key in found:
                raise Unusual
            found[key] = self.value(value_node)
            key_mark, mark = key_node.start_mark, value_node.start_mark
            places[key] = [key_mark.line, key_mark.column, mark.line, mark.column]
        found.lc = Places(places)
        return found

    def sequence(self, node: Any) -> PlacedList:
        found = PlacedList()
        places: dict[Any, list[int]] = {}
        for index, inner in enumerate(node.value):
            found.append(self.value(inner))
            places[index] = [inner.start_mark.line, inner.start_mark.column]
        found.lc = Places(places)
        return found


def _plain(text: str) -> Any:
    """The value of a scalar without quotes in YAML 1.2, as ruamel.yaml resolves it; raises Unusual."""
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text in _NULLS:
        return None
    if _TEXT.match(text):
        return text
    if _WHOLE.fullmatch(text):
        return int(text)
    if _FRACTION.fullmatch(text):
        return float(text)
    raise Unusual
