"""The structure that DESIGN.md promises, held against the code: who may import whom, and how large a file gets."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "pipeline/podwatch"
MODULES = sorted(LIBRARY.rglob("*.py"))
AIRFLOW = [*sorted((ROOT / "dags").glob("*.py")), *sorted((ROOT / "plugins").rglob("*.py"))]
CODE = [*MODULES, *AIRFLOW]
EVERY = [*CODE, *(p for d in ("tests", "scripts", "benchmarks") for p in sorted((ROOT / d).rglob("*.py")))]
EVERY = [p for p in EVERY if "node_modules" not in p.parts]

# What each package of podwatch, or module beside them, may import of it: only what stands above it here.
ALLOWED = {
    "lazy_patterns": "",
    "redaction": "lazy_patterns",
    "errors": "redaction",
    "model": "",
    "policy": "lazy_patterns redaction errors model",
    "known_variables": "",
    "secret": "",
    "variables": "errors",
    "speech_settings": "errors secret variables",
    "settings": "errors model policy known_variables secret variables speech_settings",
    "logins": "errors settings",
    "files": "errors",
    "net": "redaction errors settings logins",
    "sandbox": "errors",
    "store": "redaction errors model settings logins policy",
    "feeds": "redaction errors logins model files sandbox policy",
    "transcripts": "lazy_patterns errors model sandbox store",
    "entities": "errors model store",
    "phonetics": "",
    "query": "lazy_patterns errors model phonetics entities",
    "watchlist": "lazy_patterns redaction errors model files query",
    "speech": "redaction errors model secret speech_settings settings net sandbox phonetics",
    "notifiers": "lazy_patterns redaction errors model settings net query",
    "runtime": "redaction errors settings logins net store notifiers speech",
    "line": "redaction errors settings logins speech_settings model net policy store feeds transcripts entities query "
    "notifiers speech runtime",
    "history": "redaction errors model settings net policy store feeds query watchlist runtime line",
    "diagnose": "redaction errors model settings logins policy store feeds transcripts entities phonetics query "
    "watchlist speech notifiers line",
    "web": "redaction errors model settings policy store feeds transcripts query watchlist notifiers runtime line history "
    "diagnose",
    "commands": "redaction errors model known_variables settings logins files policy store feeds transcripts entities "
    "query watchlist notifiers speech runtime line history diagnose web",
    "__main__": "commands",
    # the plugin, inside its functions
    "podwatch_airflow": "redaction errors model settings policy store runtime line history web",
    "podwatch_plugin": "podwatch_airflow",
    "airflow_local_settings": "",
    "dags": "podwatch_airflow",
}
VERBS = {"podwatch.line.poll", "podwatch.line.fetch", "podwatch.line.detect", "podwatch.line.deliver"}

# An outside library, and the only places that may know it.
ONLY = {
    "sqlalchemy": "podwatch.store podwatch_airflow.inspection",  # the latter reads Airflow's own database
    "alembic": "podwatch.store",
    "feedparser": "podwatch.feeds.feedparser_adapter",
    "lxml": "podwatch.feeds.podcast_namespace",
    "listparser": "podwatch.feeds.opml",
    "py3langid": "podwatch.transcripts.language",
    "charset_normalizer": "podwatch.transcripts.formats.charset_detection",
    "spacy": "podwatch.entities.recognition",
    "av": "podwatch.speech",
    "ctranslate2": "podwatch.speech.recognisers.faster_whisper",
    "tokenizers": "podwatch.speech.models",
    "faster_whisper": "podwatch.speech.recognisers.faster_whisper",
    "threadpoolctl": "podwatch.phonetics.blas_threads",
    "ahocorasick_rs": "podwatch.query podwatch.transcripts.labels",
    "lark": "podwatch.query.parser",
    "re2": "podwatch.query",
    "ruamel": "podwatch.watchlist",
    "yaml": "podwatch.watchlist.fast_yaml",
    "pydantic": "podwatch.watchlist podwatch.web.api podwatch.web.subscription_api podwatch.web.watch_edit_api",
    "fastapi": "podwatch.web podwatch_airflow.page",
    "starlette": "podwatch.web podwatch_airflow.page",
    "jinja2": "podwatch.web.rendering",
    "prometheus_client": "podwatch.web.metrics",
    "mcp": "podwatch.commands.mcp podwatch.commands.mcp_http",
    "uvicorn": "podwatch.commands.serve podwatch.commands.mcp_http",
    "slack_sdk": "podwatch.notifiers",
    "requests": "podwatch.net",
    "protego": "podwatch.net.robots",
    "cryptography": "podwatch.logins",
    "click": "podwatch.commands.cli",
    "airflow": "dags podwatch_airflow airflow_local_settings",
}
# Packages without any input or output: they decide, parse or search values that they are given.
PURE = {"podwatch.model", "podwatch.policy", "podwatch.query", "podwatch.phonetics", "podwatch.transcripts.formats"}
PURE |= {"podwatch.redaction"}
PURE |= {"podwatch.transcripts.labels", "podwatch.notifiers.mention_ranking", "podwatch.notifiers.slack_buttons"}
PURE |= {"podwatch.notifiers.excerpt"}
# PurePath alone is a value.
NAMES_ONLY = {"podwatch.policy.transcript_file_match"}
INPUT_OUTPUT = {
    "os",
    "socket",
    "pathlib",
    "subprocess",
    "time",
    "urllib.request",
    "http",
    "sqlite3",
    "shutil",
    "tempfile",
}
HEAVY = {
    "slack_sdk",
    "spacy",
    "onnxruntime",
    "numpy",
    "py3langid",
    "av",
    "ctranslate2",
    "faster_whisper",
    "tokenizers",
}  # loaded inside the function that needs them
# They are themselves imported late: by the function that builds what needs them, or in a process of their own.
LATE = (
    "podwatch.notifiers.slack",
    "podwatch.speech.decoding_worker",
    "podwatch.speech.span_worker",
    "podwatch.speech.speakers",
)


def name_of(path: Path) -> str:
    base = LIBRARY.parent if path.is_relative_to(LIBRARY.parent) else ROOT
    if path.is_relative_to(ROOT / "plugins"):
        base = ROOT / "plugins"
    parts = path.relative_to(base).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {name_of(p) for p in CODE}


Import = ast.Import | ast.ImportFrom


@cache
def list_imports(path: Path) -> tuple[list[Import], list[Import]]:
    """The statements of a file that import: all of them, and those at its top. Parsed once for all tests."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    everywhere = [node for node in _walk_statements(tree.body) if isinstance(node, Import)]
    return everywhere, [node for node in tree.body if isinstance(node, Import)]


def _walk_statements(body: list[Any]) -> Iterator[ast.stmt]:
    """Every statement, however deep; expressions hold none, and are most of a tree."""
    for node in body:
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            yield from _walk_statements(getattr(node, name, []))


@cache
def imports(path: Path, *, top_only: bool = False) -> frozenset[str]:
    """The modules that a file imports; ``from a import b`` counts as a.b where that is a module of ours."""
    found: set[str] = set()
    for node in list_imports(path)[top_only]:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            ours = {f"{node.module}.{a.name}" for a in node.names}
            found |= {m if m in NAMES else node.module for m in ours}
    return frozenset(found)


def package_of(module: str) -> str:
    """The line of ALLOWED that a module of ours belongs to: its package in podwatch, or its own name."""
    parts = module.split(".")
    return parts[1] if parts[0] == "podwatch" and len(parts) > 1 else parts[0]


def is_ours(module: str) -> bool:
    return module.split(".")[0] in (
        "podwatch",
        "podwatch_airflow",
        "podwatch_plugin",
        "airflow_local_settings",
        "dags",
    )


def is_within(module: str, names: set[str]) -> bool:
    return any(module == n or module.startswith(n + ".") for n in names)


def upward(importer: str, targets: frozenset[str]) -> list[str]:
    """The imports among ``targets`` that the table does not allow the package ``importer``."""
    allowed = {*ALLOWED[importer].split(), importer}
    return sorted(t for t in targets if is_ours(t) and package_of(t) not in allowed)


@pytest.mark.parametrize("path", CODE, ids=lambda p: name_of(p))
def test_every_import_points_down_the_table(path: Path) -> None:
    if name_of(path) != "podwatch":
        assert upward(package_of(name_of(path)), imports(path)) == []


def test_the_table_itself_points_downwards_only() -> None:
    above: set[str] = set()
    for package, allowed in ALLOWED.items():
        assert set(allowed.split()) <= above, package
        above.add(package)


def test_a_planted_violation_is_caught(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("from podwatch.line import deliver\nfrom podwatch.store import tables\n")
    assert imports(planted) == {"podwatch.line.deliver", "podwatch.store.tables"}
    assert upward("query", imports(planted)) == ["podwatch.line.deliver", "podwatch.store.tables"]
    assert upward("history", imports(planted)) == []


def test_no_verb_imports_another() -> None:
    for path in MODULES:
        me = name_of(path)
        if me in VERBS:
            assert not imports(path) & (VERBS - {me})


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name_of(p): {t for t in imports(p, top_only=True) if t in NAMES} for p in CODE}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join([*trail, module])
        if module not in done:
            for target in graph[module]:
                visit(target, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


# One role in sibling packages: a verb or a noun in the line, the store, the model, a policy and the commands; a parser
# or a sandboxed form for each kind of document.
ONE_ROLE = {"sandboxed", "__init__", "__main__"}


def test_no_base_name_occurs_twice_unless_it_is_a_noun_of_the_model_or_a_verb() -> None:
    places = defaultdict(list)
    for path in MODULES:
        if "versions" not in path.parts:
            places[path.stem].append(path.relative_to(LIBRARY))
    nouns = {p.stem for p in (LIBRARY / "model").glob("*.py")} | {v.rpartition(".")[2] for v in VERBS}
    nouns |= {p.name for p in LIBRARY.iterdir() if p.is_dir()}  # a command or a step called after its package
    twice = {stem: found for stem, found in places.items() if len(found) > 1 and stem not in nouns | ONE_ROLE}
    layers = ("store", "policy", "line", "notifiers", "commands", "history", "diagnose", "entities", "web")
    # The rest: the same noun once in each of several layers, never twice within one.
    wrong = {
        s: f
        for s, f in twice.items()
        if len({p.parts[0] for p in f}) < len(f) or not {p.parts[0] for p in f} <= {*layers}
    }
    assert wrong == {}


@pytest.mark.parametrize("library", sorted(ONLY))
def test_an_outside_library_is_known_in_one_place_only(library: str) -> None:
    users = {name_of(p) for p in CODE if any(i.split(".")[0] == library for i in imports(p))}
    assert {u for u in users if not is_within(u, set(ONLY[library].split()))} == set()
    assert users, "no longer used: remove it here and from pyproject.toml"


def test_pure_packages_do_no_input_or_output() -> None:
    wrong = [
        f"{name_of(p)} imports {i}"
        for p in MODULES
        if is_within(name_of(p), PURE) and name_of(p) not in NAMES_ONLY
        for i in imports(p)
        if i in INPUT_OUTPUT or i.split(".")[0] in INPUT_OUTPUT
    ]
    assert not wrong


def test_no_heavy_library_is_loaded_at_module_level() -> None:
    wrong = [
        f"{name_of(p)} imports {i}"
        for p in CODE
        for i in imports(p, top_only=True)
        if i.split(".")[0] in HEAVY and not name_of(p).startswith(LATE)
    ]
    assert not wrong


SKIPPED = {tokenize.ENCODING, tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE}


def opens_with_docstring(text: str) -> bool:
    """Whether the first statement is a string with words in it: read without the rest of the file."""
    first = next(t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in SKIPPED)
    return first.type == tokenize.STRING and bool(str(ast.literal_eval(first.string)).strip())


def test_a_docstring_is_a_first_statement_that_says_something() -> None:
    assert [
        opens_with_docstring(text)
        for text in (
            '"""Why."""\nimport os\n',
            "#!/bin/sh\n\n'why'\n",
            '""" """\nx = 1\n',
            'x = """why"""\n',
            "x = (\n",
        )
    ] == [True, True, False, False, False]


@pytest.mark.parametrize("path", EVERY, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_says_why_it_exists_and_stays_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if not text.strip():
        return
    assert opens_with_docstring(text), "opens without a docstring"
    assert text.count("\n") <= 400, "longer than 400 lines: split it"


def test_each_package_opens_with_a_sentence() -> None:
    for package in [LIBRARY, *(p for p in LIBRARY.rglob("*") if p.is_dir() and list(p.glob("*.py")))]:
        if "migrations" not in package.parts:
            assert opens_with_docstring((package / "__init__.py").read_text(encoding="utf-8")), package


def test_a_blind_except_is_only_where_bugs_are_gathered() -> None:
    blind = re.compile(r"except (Base)?Exception\b(?! as \w+:  # noqa: BLE001 - )")
    allowed = {"pipeline/podwatch/net/transport.py"}  # closes the connection and raises on
    wrong = [str(p.relative_to(ROOT)) for p in CODE if blind.search(p.read_text(encoding="utf-8"))]
    assert set(wrong) <= allowed


def test_no_file_of_ours_hides_another_module_from_airflow() -> None:
    """Airflow puts dags/ on the import path and registers each plugin file under its own name."""
    files = {p.stem for p in AIRFLOW if p.parent.parent == ROOT}  # the package beside them is in .airflowignore
    assert not files & {*sys.stdlib_module_names, "podwatch", "pipeline"}
