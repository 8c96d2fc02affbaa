"""The structure that DESIGN.md promises, held against the code: who may import whom, and how large a file gets."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PIPELINE = sorted((ROOT / "pipeline").rglob("*.py"))
CODE = [*PIPELINE, *sorted((ROOT / "dags").glob("*.py")), *sorted((ROOT / "plugins").glob("*.py"))]
EVERY = [*CODE, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "scripts").rglob("*.py"))]
EVERY += sorted((ROOT / "benchmarks").rglob("*.py"))
EVERY = [p for p in EVERY if "node_modules" not in p.parts]

BASE = {"pipeline.model", "pipeline.errors", "pipeline.settings"}
# Layer: what it may import of podwatch. The longest name that fits a module is its layer.
MAY = {
    "pipeline": set(),
    "pipeline.errors": set(),
    "pipeline.model": {"pipeline.model"},
    "pipeline.settings": {"pipeline.errors", "pipeline.model"},
    "pipeline.files": {"pipeline.errors"},
    "pipeline.addresses": BASE,
    "pipeline.transport": BASE | {"pipeline.addresses"},
    "pipeline.inflate": set(),
    "pipeline.http": BASE | {"pipeline.transport", "pipeline.addresses", "pipeline.inflate"},
    "pipeline.sandbox": {"pipeline.errors", "pipeline.sandbox"},
    "pipeline.packing": {"pipeline.model"},
    "pipeline.feeds": {"pipeline.model", "pipeline.errors", "pipeline.feeds", "pipeline.identity", "pipeline.sandbox"},
    "pipeline.opml": {"pipeline.model", "pipeline.errors", "pipeline.files"},
    "pipeline.transcripts": {"pipeline.model", "pipeline.errors", "pipeline.transcripts"},
    "pipeline.transcripts.boxed": {
        "pipeline.model",
        "pipeline.errors",
        "pipeline.transcripts",
        "pipeline.sandbox",
        "pipeline.packing",
    },
    "pipeline.detectors": {"pipeline.model", "pipeline.errors", "pipeline.detectors", "pipeline.sounds"},
    "pipeline.sounds": {"pipeline.sounds"},
    "pipeline.entities": {"pipeline.model", "pipeline.errors", "pipeline.entities"},
    "pipeline.alerts": {"pipeline.model", "pipeline.revisions"},
    "pipeline.noise": {"pipeline.model", "pipeline.alerts"},
    "pipeline.outcomes": {"pipeline.model", "pipeline.errors"},
    "pipeline.times": {"pipeline.model"},
    "pipeline.watchlist": {
        "pipeline.model",
        "pipeline.errors",
        "pipeline.files",
        "pipeline.detectors",
        "pipeline.times",
        "pipeline.scalars",
        "pipeline.watchlist_form",
        "pipeline.watchlist_yaml",
    },
    "pipeline.scalars": set(),
    "pipeline.watchlist_schema": {"pipeline.watchlist_form"},
    "pipeline.watchlist_form": {"pipeline.model", "pipeline.times"},
    "pipeline.watchlist_yaml": {"pipeline.errors"},
    "pipeline.notifiers": BASE | {"pipeline.notifiers"},
    "pipeline.notifiers.webhook": BASE
    | {"pipeline.notifiers", "pipeline.http", "pipeline.transport", "pipeline.addresses"},
    "pipeline.identity": {"pipeline.model"},
    "pipeline.revisions": set(),
    "pipeline.dropped": {"pipeline.model", "pipeline.identity"},
    "pipeline.schedule": set(),
    "pipeline.polite": set(),
    "pipeline.crowd": {"pipeline.polite"},
    "pipeline.store": BASE
    | {"pipeline.store", "pipeline.identity", "pipeline.revisions", "pipeline.packing", "pipeline.alerts"},
    "pipeline.bugs": set(),
    "pipeline.robots": {"pipeline.http", "pipeline.errors"},
    "pipeline.runtime": BASE | {"pipeline.http", "pipeline.robots", "pipeline.store", "pipeline.notifiers"},
}
VERB = BASE | {"pipeline.runtime", "pipeline.bugs", "pipeline.http", "pipeline.alerts", "pipeline.feeds"}
VERB |= {
    "pipeline.transcripts",
    "pipeline.transcripts.boxed",
    "pipeline.detectors",
    "pipeline.notifiers",
    "pipeline.store",
}
VERBS = ("pipeline.poll", "pipeline.fetch", "pipeline.detect", "pipeline.deliver")
MAY |= dict.fromkeys(VERBS, VERB)
MAY["pipeline.archive"] = VERB
MAY["pipeline.upkeep"] = VERB | {"pipeline.outcomes"}
MAY["pipeline.deliver"] = VERB | {"pipeline.holding", "pipeline.sending", "pipeline.upkeep"}
MAY["pipeline.holding"] = VERB | {"pipeline.noise"}
MAY["pipeline.sending"] = VERB | {"pipeline.outcomes"}
MAY["pipeline.entities.surges"] = {"pipeline.entities", "pipeline.model", "pipeline.store"}
MAY["pipeline.labelling"] = {"pipeline.model", "pipeline.store", "pipeline.transcripts"}
MAY["pipeline.entities.stage"] = VERB | {"pipeline.entities", "pipeline.labelling"}
MAY["pipeline.entities.telling"] = MAY["pipeline.entities.stage"] | {"pipeline.entities.stage"}
MAY["pipeline.entities.telling"] |= {"pipeline.entities.surges"}
MAY["pipeline.detect"] = VERB | {"pipeline.entities.stage", "pipeline.labelling", "pipeline.news"}
MAY["pipeline.detect"] |= {"pipeline.entities.telling"}
MAY["pipeline.fetch"] = VERB | {"pipeline.crowd", "pipeline.polite"}
MAY["pipeline.poll"] = VERB | {"pipeline.crowd", "pipeline.polite", "pipeline.schedule"}
MAY["pipeline.news"] = {"pipeline.model"}
MAY["pipeline.processes"] = {"pipeline.errors"}
MAY["pipeline.backtest"] = VERB | {"pipeline.detect", "pipeline.labelling", "pipeline.processes"}
MAY["pipeline.reach"] = BASE | {"pipeline.runtime"}
MAY["pipeline.walk"] = VERB | {"pipeline.archive", "pipeline.crowd", "pipeline.polite", "pipeline.reach"}
MAY["pipeline.bring"] = VERB | {"pipeline.detect", "pipeline.fetch", "pipeline.polite", "pipeline.reach"}
MAY["pipeline.backfill"] = BASE | {"pipeline.runtime", "pipeline.reach", "pipeline.walk", "pipeline.bring"}
MAY["pipeline.telling"] = BASE | {"pipeline.runtime", "pipeline.reach", "pipeline.verbs"}
MAY["pipeline.effects"] = VERB | {"pipeline.backtest", "pipeline.watchlist_edit"}
MAY["pipeline.rescan"] = VERB | {"pipeline.detect", "pipeline.entities.stage", "pipeline.processes"}
# They ask a question of detect's, over the store, without doing its work.
LOOK = BASE | {"pipeline.detect", "pipeline.detectors", "pipeline.store"}
MAY |= {"pipeline.measure": LOOK, "pipeline.explaining": LOOK}
MAY |= {"pipeline.verbs": {*VERBS, "pipeline.model", "pipeline.runtime"}}
MAY |= {"pipeline.commands": {"pipeline"}, "pipeline.__main__": {"pipeline.commands"}}
MAY["pipeline.answer"] = {"pipeline.model", "pipeline.store"}
MAY["pipeline.learn"] = {"pipeline.model"}
MAY["pipeline.watchlist_edit"] = {"pipeline.model", "pipeline.errors", "pipeline.files", "pipeline.watchlist"}
MAY["pipeline.doctor"] = BASE | {"pipeline.store", "pipeline.notifiers", "pipeline.schedule", "pipeline.feeds"}
MAY["pipeline.doctor"] |= {"pipeline.transcripts", "pipeline.entities", "pipeline.sounds"}
MAY["pipeline.backfill_runs"] = MAY["pipeline.backfill"] | {"pipeline.backfill", "pipeline.polite", "pipeline.telling"}
MAY |= {
    "plugins": {
        "pipeline.runtime",
        "pipeline.backfill_runs",
        "pipeline.verbs",
        "pipeline.settings",
        "pipeline.model",
        "pipeline.errors",
    }
}
MAY |= {"dags": {"podwatch"}}

# Outside package: the only places that may know it.
ONLY = {
    "sqlalchemy": "pipeline.store",
    "alembic": "pipeline.store",
    "feedparser": "pipeline.feeds.watched",
    "lxml": "pipeline.feeds.podcasting",
    "xxhash": "pipeline.feeds pipeline.poll pipeline.backtest",
    "py3langid": "pipeline.transcripts.language",
    "spacy": "pipeline.entities.recognise",
    "listparser": "pipeline.opml",
    "slack_sdk": "pipeline.notifiers",
    "requests": "pipeline.http pipeline.transport",
    "typer": "pipeline.commands",
    "protego": "pipeline.robots",
    "threadpoolctl": "pipeline.sounds.threads",
    "ruamel": "pipeline.watchlist_yaml pipeline.watchlist_edit",
    "pydantic": "pipeline.watchlist pipeline.watchlist_form pipeline.watchlist_schema",
    "airflow": "dags plugins",
}
PURE: tuple[str, ...] = (
    "pipeline.transcripts",
    "pipeline.detectors",
    "pipeline.alerts",
    "pipeline.model",
    "pipeline.identity",
)
PURE += ("pipeline.schedule", "pipeline.revisions", "pipeline.news")
PURE += (
    "pipeline.times",
    "pipeline.schedule",
    "pipeline.sounds",
    "pipeline.revisions",
    "pipeline.noise",
    "pipeline.outcomes",
    "pipeline.notifiers.ranking",
    "pipeline.learn",
    "pipeline.notifiers.buttons",
)
PURE += tuple(
    f"pipeline.entities.{m}"
    for m in ("names", "votes", "groups", "merge", "matching", "pieces", "casing", "surge", "across")
)
IO = {"os", "socket", "pathlib", "subprocess", "time", "urllib.request", "http", "sqlite3", "shutil", "tempfile"}
HEAVY = {"slack_sdk", "spacy", "onnxruntime", "numpy", "py3langid"}  # loaded inside the function that needs them


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(path: Path, *, top_only: bool = False) -> set[str]:
    """The modules that a file imports; ``from a import b`` counts as a.b where that is a module of ours."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    modules = {name_of(p) for p in PIPELINE}
    for node in tree.body if top_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            ours = {f"{node.module}.{a.name}" for a in node.names}
            found |= {m if m in modules else node.module for m in ours}
    return found


def layer(module: str) -> str:
    fits = [name for name in MAY if module == name or module.startswith(name + ".")]
    return max(fits, key=len)


def within(module: str, names: set[str]) -> bool:
    return any(module == n or module.startswith(n + ".") for n in names)


def test_every_import_points_down_the_layers() -> None:
    wrong = []
    for path in CODE:
        me = layer(name_of(path))
        for target in imports(path):
            ours = target.split(".")[0] in ("pipeline", "podwatch", "plugins", "dags")
            if ours and not within(target, MAY[me]) and layer_or_none(target) != me:
                wrong.append(f"{path.relative_to(ROOT)} imports {target}")
    assert not wrong


def layer_or_none(module: str) -> str | None:
    return layer(module) if module.startswith(("pipeline.", "plugins")) else None


def test_a_planted_violation_is_caught(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("from pipeline import deliver\nfrom pipeline.store import tables\n")
    assert imports(planted) == {"pipeline.deliver", "pipeline.store.tables"}
    assert not any(within(t, MAY["pipeline.detectors"]) for t in imports(planted))


@pytest.mark.parametrize("package", sorted(ONLY))
def test_an_outside_package_is_known_in_one_place_only(package: str) -> None:
    users = {name_of(p) for p in CODE if any(i.split(".")[0] == package for i in imports(p))}
    assert {u for u in users if not within(u, set(ONLY[package].split()))} == set()


def test_formats_detectors_and_alerts_do_no_input_or_output() -> None:
    wrong = [
        f"{p.relative_to(ROOT)} imports {i}"
        for p in PIPELINE
        if within(name_of(p), set(PURE))
        for i in imports(p)
        if i in IO or i.split(".")[0] in IO
    ]
    assert not wrong


def test_no_heavy_library_is_loaded_at_module_level() -> None:
    wrong = [
        f"{p.relative_to(ROOT)} imports {i}"
        for p in CODE
        for i in imports(p, top_only=True)
        if i.split(".")[0] in HEAVY and name_of(p) not in LATE
    ]
    assert not wrong


# Loaded only when their notifier or model is built, by a function of the package's __init__.
LATE = {"pipeline.notifiers.slack", "pipeline.notifiers.slack_errors", "pipeline.notifiers.slack_directory"}
LATE |= {"pipeline.notifiers.slack_socket", "pipeline.notifiers.slack_probe"}


@pytest.mark.parametrize("path", EVERY, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_says_why_it_exists_and_stays_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if not text.strip():
        return
    doc = ast.get_docstring(ast.parse(text))
    assert doc, "opens without a docstring"
    assert text.count("\n") <= 400, "longer than 400 lines: split it"


def test_a_blind_except_is_only_where_bugs_are_gathered() -> None:
    blind = re.compile(r"except (Base)?Exception\b(?! as \w+:  # noqa: BLE001 - )")
    allowed = {"pipeline/transport.py"}  # closes the connection and raises on
    wrong = [str(p.relative_to(ROOT)) for p in CODE if blind.search(p.read_text(encoding="utf-8"))]
    assert set(wrong) <= allowed


def test_nothing_ours_is_named_like_the_standard_library_at_top_level() -> None:
    plugins = {p.stem for p in (ROOT / "plugins").glob("*.py")} | {p.stem for p in (ROOT / "dags").glob("*.py")}
    assert not plugins & set(sys.stdlib_module_names)
