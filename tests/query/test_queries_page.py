"""docs/queries.md, row by row: a query finds what is bold in its text, and each error message is the real one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from podwatch.model import Segment, Watch, join_segments
from podwatch.query import EpisodeFields, build_engine
from podwatch.query.parser import parse
from podwatch.query.satisfiability import is_possible

PAGE = (Path(__file__).parents[2] / "docs/queries.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(.+?)` \| (.*) \|$", re.MULTILINE)
EPISODE = EpisodeFields(
    title="Grain wars", notes="With Keith Kellogg", show="The Sea Hour", feed_url="https://feeds.example/sea"
)


def table_rows(text: str) -> list[tuple[str, str]]:
    return [(query.replace("\\|", "|"), rest) for query, rest in ROW.findall(text)]


EXAMPLES = table_rows(PAGE.split("## Errors")[0])
ERRORS = table_rows(PAGE.split("## Errors")[1])


def bold_spans(marked: str) -> list[tuple[int, int]]:
    """What is bold, as half-open spans of the text without the stars; bold parts with a / between are one."""
    found: list[tuple[int, int]] = []
    text = ""
    for i, part in enumerate(marked.split("**")):
        if i % 2 == 1 and found and text[found[-1][1] :] == " / ":
            found[-1] = found[-1][0], len(text) + len(part)
        elif i % 2 == 1:
            found.append((len(text), len(text) + len(part)))
        text += part
    before = [text[:a].count(" / ") for a, _ in found], [text[:b].count(" / ") for _, b in found]
    return [(a - 2 * x, b - 2 * y) for (a, b), x, y in zip(found, *before, strict=True)]


@pytest.mark.parametrize(("query", "marked"), EXAMPLES, ids=[f"{q} in {t}"[:60] for q, t in EXAMPLES])
def test_an_example_of_the_page_finds_what_is_bold(query: str, marked: str) -> None:
    segments = marked.replace("**", "").split(" / ")
    said = [Segment(i * 10.0, i * 10.0 + 10, s, ("Ann", "Bob")[i % 2]) for i, s in enumerate(segments)]
    engine = build_engine([Watch(name="w", query=query)])
    assert not engine.broken
    found = engine(join_segments(said, language="en-US"), EPISODE)
    assert not found.failed
    assert [(m.start, m.end) for m in found.mentions] == bold_spans(marked)


@pytest.mark.parametrize(("query", "error"), ERRORS, ids=[q for q, _ in ERRORS])
def test_an_error_of_the_page_is_the_one_that_is_given(query: str, error: str) -> None:
    [broken] = build_engine([Watch(name="w", query=query)]).broken.values()
    assert error in broken.line


def test_the_page_has_an_example_of_every_part_of_the_grammar() -> None:
    written = " ".join(type(part).__name__ for query, _ in EXAMPLES for part in parse(query).walk())
    from podwatch.query import clauses

    kinds = {k for k, v in vars(clauses).items() if isinstance(v, type) and issubclass(v, clauses.Clause)}
    assert kinds - {"Clause", "Leaf"} == set(written.split())


def test_what_the_page_calls_never_true_is_never_true() -> None:
    listed = PAGE.split("can never be true (")[1].split("),")[0]
    queries = re.findall(r"`([^`]+)`", listed)
    assert len(queries) == 4
    assert not any(is_possible(parse(q)) for q in queries)


def test_the_page_is_found_from_the_readme() -> None:
    assert "(docs/queries.md)" in (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
