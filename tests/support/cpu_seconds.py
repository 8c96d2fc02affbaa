"""A plugin that says which files of tests cost most: CPU seconds, of the processes that they start, too.

    .venv/bin/python -m pytest -p tests.support.cpu_seconds -m "not long" -n 3 --dist loadfile
    .venv/bin/python -m pytest -p tests.support.cpu_seconds tests/store

Seconds of a clock say on a busy machine what the others did. What a fixture of the session costs is counted where it is
first used. A process that has left its parents, as PostgreSQL's server does, is not counted.
"""

from __future__ import annotations

import os
import resource
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

SHOWN = 30
_TICKS = os.sysconf("SC_CLK_TCK")
_files: Counter[str] = Counter()
_tests: Counter[str] = Counter()
_at_start: list[float] = []
_of_workers: list[dict[str, Any]] = []


def cpu_seconds() -> float:
    """Of this process and of all below it, whether they have ended or not."""
    ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(r.ru_utime + r.ru_stime for r in ended) + _of_running_children(os.getpid())


def _of_running_children(pid: int) -> float:
    found = 0.0
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:  # it has ended meanwhile
        return found
    for task in tasks:
        try:
            children = (task / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            try:
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            found += sum(map(int, fields[11:15])) / _TICKS + _of_running_children(int(child))
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    before = cpu_seconds()
    if not _at_start:
        _at_start.append(before)
    result = yield
    _files[item.nodeid.partition("::")[0]] += cpu_seconds() - before  # type: ignore[assignment]
    _tests[item.nodeid.partition("::")[0]] += 1
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["cpu_seconds"] = {"start": sum(_at_start), "files": dict(_files), "tests": dict(_tests)}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    _of_workers.extend(o for o in [getattr(node, "workeroutput", {}).get("cpu_seconds")] if o)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    files, tests, start = Counter(_files), Counter(_tests), sum(_at_start)
    for found in _of_workers:
        files.update(found["files"])
        tests.update(found["tests"])
        start += found["start"]
    terminalreporter.section("CPU seconds")
    for file, seconds in files.most_common(SHOWN):
        terminalreporter.line(f"{seconds:8.2f} {tests[file]:6} tests  {file}")
    terminalreporter.line(f"{sum(files.values()):8.2f} {sum(tests.values()):6} tests  in {len(files)} files")
    terminalreporter.line(f"{start:8.2f} to load and to collect")
