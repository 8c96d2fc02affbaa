"""Runs small programs beside a real Airflow, each in a process of its own, without importing Airflow for each anew.

A process that has imported airflow.sdk waits; for each program it forks, and the child is given the program's arguments
and environment. To import it takes two to three seconds of a processor. What Airflow reads of the environment, it reads
when it is asked; the folders that it reads once are the same for every program here.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import subprocess
import sys
import tempfile
import traceback
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def run_program(code: str, *argv: str, **env: str) -> Any:
    """The JSON that a program prints on its last line, with an Airflow home without anything, and our two folders."""
    with tempfile.TemporaryDirectory() as kept:
        out, err = Path(kept, "out"), Path(kept, "err")
        warm = _warm()
        assert warm.stdin is not None
        assert warm.stdout is not None
        job = {"code": code, "argv": ["-c", *argv], "env": dict(os.environ) | env, "out": str(out), "err": str(err)}
        warm.stdin.write(json.dumps(job) + "\n")
        warm.stdin.flush()
        status = int(warm.stdout.readline())
        assert status == 0, err.read_text()[-3000:]
        return json.loads(out.read_text().splitlines()[-1])


@cache
def _warm() -> subprocess.Popen[str]:
    home = tempfile.TemporaryDirectory(prefix="airflow-programs-")
    ours = {
        "AIRFLOW_HOME": home.name,
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.airflow_programs"],
        cwd=ROOT, env=os.environ | ours, stdin=-1, stdout=-1, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    atexit.register(home.cleanup)
    atexit.register(process.communicate)  # its input ends, and so does it; first, since it was registered last
    return process


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what an import prints is no answer
    import airflow.sdk

    assert airflow.sdk
    ours = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW")}
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(job, ours)
        _, status = os.waitpid(child, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()


def _become(job: dict[str, Any], ours: dict[str, str]) -> None:
    for number, path in ((1, job["out"]), (2, job["err"])):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    os.environ.clear()
    os.environ.update(ours | job["env"])
    sys.argv = job["argv"]
    tempfile.tempdir = None  # the folder for temporary files is that of this environment
    status = 1
    try:
        exec(job["code"], {"__name__": "__main__"})
        status = 0
    finally:  # nothing of the process that waits is run or cleaned up
        if status:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
