"""benchmarks.compare with fake trees: scripts in place of podwatch that work, answer and fail as they are told to."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from benchmarks.compare import CommandError, Measurement, Tree, Workload, compare, pipeline, sorted_mentions, start_up

# Does so much work, prints what `answers` has for its first word, and fails where that is "fail".
SCRIPT = """#!{python}
import sys
from collections.abc import Mapping
sum(i * i for i in range({work}))
answer = {answers!r}.get(sys.argv[1], "")
if answer == "fail":
    print("this went wrong", file=sys.stderr)
    sys.exit(3)
print(answer)
"""


def fake_tree(folder: Path, name: str, answers: Mapping[str, str] = MappingProxyType({}), work: int = 0) -> Tree:
    program = folder / name / ".venv/bin/podwatch"
    program.parent.mkdir(parents=True)
    program.write_text(SCRIPT.format(python=sys.executable, work=work, answers=dict(answers)))
    program.chmod(0o755)
    return Tree(name, folder / name)


def run_scan(tree: Tree, home: Path) -> dict[str, Measurement]:
    return {"podwatch scan": tree.run("scan", env={"PODWATCH_HOME": str(home)})}


WORKLOADS: dict[str, Workload] = {"scan": run_scan}


def test_equal_trees_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, here = (fake_tree(tmp_path, name, {"scan": "a mention"}) for name in ("base", "here"))
    assert compare(base, here, WORKLOADS, 2, bound=1000)
    printed = capsys.readouterr().out
    assert "ok   podwatch scan: different answers: 0" in printed
    assert "| command | CPU s, base | CPU s, here |" in printed


def test_another_answer_is_a_miss(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, here = (fake_tree(tmp_path, name, {"scan": f"a mention by {name}"}) for name in ("base", "here"))
    assert not compare(base, here, WORKLOADS, 1, bound=1000)
    assert "MISS podwatch scan: different answers: 1 (at most 0)" in capsys.readouterr().out


def test_more_cpu_time_than_the_bound_allows_is_a_miss(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not compare(fake_tree(tmp_path, "base"), fake_tree(tmp_path, "here", work=3_000_000), WORKLOADS, 1)
    printed = capsys.readouterr().out
    assert "MISS podwatch scan: CPU beside base" in printed
    assert "MISS podwatch scan: different answers" not in printed


def test_a_command_that_fails_is_one_line_with_what_it_printed(tmp_path: Path) -> None:
    tree = fake_tree(tmp_path, "base", {"scan": "fail"})
    with pytest.raises(CommandError, match=r"^base: podwatch scan ended with 3: this went wrong$"):
        compare(tree, tree, WORKLOADS, 1)


def test_the_commands_inherit_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODWATCH_DATABASE_URL", "postgresql://elsewhere")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    tree = fake_tree(tmp_path, "base")
    listing = "import os\nprint(sorted(name for name in os.environ if name.startswith(('PODWATCH', 'SLACK'))))\n"
    (tree.path / ".venv/bin/podwatch").write_text(f"#!{sys.executable}\n{listing}")
    assert tree.run("scan", env={"PODWATCH_HOME": str(tmp_path)}).answer == "['PODWATCH_HOME']\n"


def test_the_help_is_no_answer(tmp_path: Path) -> None:
    trees = [fake_tree(tmp_path, name, {"--help": name}) for name in ("base", "here")]
    assert {m.answer for tree in trees for m in start_up(tree, tmp_path).values()} == {""}


def test_the_answer_of_the_pipeline_is_its_tallies_and_its_mentions_in_any_order(tmp_path: Path) -> None:
    mentions = ['{"watch": "b", "transcript": 1}', '{"watch": "a", "transcript": 2}']
    tallies = {"poll": 'progress\n{"done": 2}', "fetch": '{"done": 3}', "detect": '{"done": 4}'}
    one = fake_tree(tmp_path, "one", tallies | {"mentions": "\n".join(mentions)})
    other = fake_tree(tmp_path, "other", tallies | {"mentions": "\n".join(mentions[::-1]).replace("1", "7")})
    work = pipeline(["http://127.0.0.1/feed.xml"])
    found, again = ({name: m.answer for name, m in work(tree, tmp_path).items()} for tree in (one, other))
    assert found == again
    assert found["podwatch poll"] == '{"done": 2}'
    assert found["podwatch detect"] == '{"done": 4}\n{"watch": "a"}\n{"watch": "b"}'
    assert sorted_mentions("") == ""
