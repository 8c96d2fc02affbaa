"""Where podwatch keeps what is beside its database when Airflow runs it without a home that can be written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.support.airflow_programs import run_program

CODE = """
import json, os, sys
from pathlib import Path
from podwatch import settings
settings.CHECKOUT = Path("/no/checkout")  # of which the folder would be the home
from podwatch_airflow.connections import temporary_home
found = []
for home in json.loads(sys.argv[1]):
    os.environ["HOME"] = home
    found.append(temporary_home())
print(json.dumps(found))
"""


def test_another_folder_is_used_only_where_the_home_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    homes = f'["{tmp_path}", "{tmp_path}/made/later", "/dev/null/home"]'
    made = tmp_path / f"podwatch-{os.getuid()}"
    assert run_program(CODE, homes, TMPDIR=str(tmp_path)) == ["", "", str(made)]
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


@pytest.mark.parametrize("there", ["a link", "a file", "a folder that others may write"])
def test_what_somebody_else_may_have_put_in_its_place_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str
) -> None:
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    made = tmp_path / f"podwatch-{os.getuid()}"
    if there == "a link":
        made.symlink_to(tmp_path)
    elif there == "a file":
        made.write_text("")
    else:
        made.mkdir()
        made.chmod(0o777)
    [used] = run_program(CODE, '["/dev/null/home"]', TMPDIR=str(tmp_path))
    assert used != str(made)
    assert stat.S_IMODE(Path(used).stat().st_mode) == 0o700
