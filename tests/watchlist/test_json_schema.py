"""The JSON Schema of a watchlist is the one of the forms that read it, and says the same as they do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from podwatch.errors import WatchlistError
from podwatch.watchlist.json_schema import build_schema
from podwatch.watchlist.loader import parse_watchlist

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "docs/watchlist.schema.json"


def accepts(text: str) -> bool:
    validator = jsonschema.Draft202012Validator(build_schema())
    return bool(validator.is_valid(YAML(typ="safe").load(text)))


def reads(text: str) -> bool:
    try:
        parse_watchlist(text, "w.yaml")[0]
    except (WatchlistError, ExceptionGroup):
        return False
    return True


def test_the_committed_schema_is_the_one_of_the_forms() -> None:
    said = "run: .venv/bin/podwatch watches schema > docs/watchlist.schema.json"
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == build_schema(), said


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(build_schema())


def test_the_sample_points_to_it_and_is_right_by_it() -> None:
    sample = ROOT / "seeds/watchlist.yaml"
    text = sample.read_text(encoding="utf-8")
    path = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (sample.parent / path).resolve() == COMMITTED
    assert accepts(text)


def fields(node: Any) -> list[tuple[str, dict[str, Any]]]:
    found = list(node.get("properties", {}).items()) if isinstance(node, dict) else []
    return found + [f for inner in node.get("$defs", {}).values() for f in fields(inner)]


@pytest.mark.parametrize(("name", "field"), fields(build_schema()), ids=lambda v: v if isinstance(v, str) else "")
def test_every_field_says_what_it_is_for(name: str, field: dict[str, Any]) -> None:
    described = field.get("description") or any(way.get("description") for way in field.get("anyOf", ()))
    assert described, name


LISTS = {
    "a query": "watches: [{name: a, query: x}]",
    "an entity": "watches: [{name: a, entity: x, type: person, aliases: [y], sounds_like: true, skip: [sponsor]}]",
    "a scope": "watches: [{name: a, query: x, feeds: {tags: [t], exclude: {urls: [u]}}, channel: '#c', deliver: none}]",
    "defaults": "defaults: {channel: '#x', deliver: digest}\nwatches: []",
    "a field misspelt": "watches: [{name: a, qurey: x}]",
    "neither": "watches: [{name: a}]",
    "both": "watches: [{name: a, query: x, entity: y}]",
    "aliases of a query": "watches: [{name: a, query: x, aliases: [y]}]",
    "the sound of a query": "watches: [{name: a, query: x, sounds_like: true}]",
    "no sound of a query": "watches: [{name: a, query: x, sounds_like: false, aliases: []}]",
    "a surge": "watches: [{name: a, surge: {types: [person]}, feeds: {tags: [x]}, deliver: digest}]",
    "any surge": "watches: [{name: a, surge: {}, feeds: {languages: []}}]",
    "a surge of nothing": "watches: [{name: a, surge: {types: []}}]",
    "a surge of a thing": "watches: [{name: a, surge: {types: [thing]}}]",
    "a surge beside a query": "watches: [{name: a, query: x, surge: {}}]",
    "a surge beside both": "watches: [{name: a, query: x, entity: x, surge: {}}]",
    "a minimum of a surge": "watches: [{name: a, surge: {}, minimum: 2}]",
    "a type of a surge": "watches: [{name: a, surge: {}, type: person}]",
    "languages of a surge": "watches: [{name: a, surge: {}, feeds: {languages: [de]}}]",
    "excluded languages of a surge": "watches: [{name: a, surge: {}, feeds: {exclude: {languages: [de]}}}]",
    "an unknown mode": "watches: [{name: a, query: x, deliver: often}]",
    "an unknown type": "watches: [{name: a, entity: x, type: thing}]",
    "a number for a name": "watches: [{name: 7, query: x}]",
    "a list of nothing": "watches: [{name: a, entity: x, aliases: null}]",
    "no watches": "defaults: {}",
    "a scope misspelt": "watches: [{name: a, query: x, feeds: {tag: [y]}}]",
}


@pytest.mark.parametrize("case", LISTS, ids=str)
def test_an_editor_says_what_check_says(case: str) -> None:
    assert accepts(LISTS[case]) is reads(LISTS[case])
