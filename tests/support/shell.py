"""The command as a shell starts it, without paying for its imports each time.

A process that has imported podwatch waits; for each command it forks, and the child is given the arguments, folder,
environment and files that a shell would give, and ends with the command's exit status. Half of the suite's time went into
imports before. What is about the start itself, a pipe or an encoding starts the installed script.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import pkgutil
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]


# What few commands need and takes long to load, or runs when it is loaded.
SELDOM = ("podwatch.web", "podwatch.speech.", "podwatch.store.migrations")
NEVER = ("podwatch.__main__",)


def load_command_line() -> None:
    import podwatch.commands  # noqa: F401


def load_store() -> None:
    import podwatch.commands
    import podwatch.store.database  # noqa: F401


def load_everything() -> None:
    import alembic.command  # noqa: F401
    import numpy  # noqa: F401
    import requests  # noqa: F401
    import yaml  # noqa: F401

    import podwatch
    from podwatch import query
    from podwatch.model import Segment, Watch, join_segments
    from podwatch.query.context import EpisodeFields

    for module in pkgutil.walk_packages(podwatch.__path__, "podwatch."):
        if module.name not in NEVER and not module.name.startswith(SELDOM):
            import_module(module.name)
    # The tables of pronunciation and of ordinary words are read now, and not again by every command.
    engine = query.build_engine([Watch(name="n", entity="Steve Witkoff", sounds_like=True)])
    engine(join_segments([Segment(0.0, 1.0, "Steve Wittcough said so.")]), EpisodeFields(title=""))


# What the process that waits has loaded.
WARM: dict[str, Callable[[], None]] = {
    "the command line": load_command_line,
    "the store": load_store,
    "everything": load_everything,
}


def podwatch(arguments: Sequence[str], folder: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """What `podwatch` with these arguments writes, and its exit status; `env` is the whole environment."""
    return _run("everything", arguments, folder, env)[0]


def podwatch_as_shown(arguments: Sequence[str], folder: Path, env: Mapping[str, str]) -> str:
    """What it writes to both streams, as it comes."""
    with tempfile.TemporaryDirectory() as kept:
        shown = Path(kept, "shown")
        _send(
            "everything",
            {
                "argv": list(arguments),
                "cwd": str(folder),
                "env": dict(env),
                "out": str(shown),
                "err": str(shown),
                "modules": os.devnull,
            },
        )
        return shown.read_text()


def podwatch_and_modules(
    arguments: Sequence[str], folder: Path, env: Mapping[str, str], warm: str
) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    """The same, and the top-level modules that the process has loaded when it ends; warm: of which it had these before."""
    return _run(warm, arguments, folder, env)


def _run(
    kind: str, arguments: Sequence[str], folder: Path, env: Mapping[str, str]
) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    with tempfile.TemporaryDirectory() as kept:
        out, err, modules = Path(kept, "out"), Path(kept, "err"), Path(kept, "modules")
        files = {"out": str(out), "err": str(err), "modules": str(modules)}
        status = _send(kind, {"argv": list(arguments), "cwd": str(folder), "env": dict(env), **files})
        done = subprocess.CompletedProcess(["podwatch", *arguments], status, out.read_text(), err.read_text())
        return done, set(modules.read_text().split()) if modules.exists() else set()


def _send(kind: str, job: Mapping[str, object]) -> int:
    """The exit status of the command."""
    warm = _warm(kind)
    assert warm.stdin is not None
    assert warm.stdout is not None
    warm.stdin.write(json.dumps(job) + "\n")
    warm.stdin.flush()
    return int(warm.stdout.readline())


@cache
def _warm(kind: str) -> subprocess.Popen[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PODWATCH", "SLACK"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.shell", kind], cwd=ROOT, env=clean, stdin=-1, stdout=-1, text=True
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate()  # its input ends, and so does it


def _serve(kind: str) -> None:
    WARM[kind]()
    import podwatch.commands

    # What is loaded by now is no garbage: a command that ends looks for some, and writes to each object that it looks at,
    # which copies the whole memory for it.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(job)
            sys.argv = ["podwatch", *job["argv"]]
            _end_process(_call(podwatch.commands.main), job["modules"])
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _call(main: Callable[[], object]) -> int:
    """The exit status of a process that does no more than this."""
    try:
        main()
    except SystemExit as e:
        if e.code is None or isinstance(e.code, int):
            return e.code or 0
        print(e.code, file=sys.stderr)
        return 1
    except (Exception, KeyboardInterrupt):  # noqa: BLE001 - whatever it is: a traceback, and status 1
        traceback.print_exc()
        return 1
    return 0


def _end_process(status: int, modules: str) -> NoReturn:
    """As the interpreter does, except that it frees nothing: that would copy the memory of the process it came from."""
    Path(modules).write_text(" ".join({name.partition(".")[0] for name in sys.modules}))
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _become(job: dict[str, object]) -> None:
    for target, path in ((0, os.devnull), (1, str(job["out"])), (2, str(job["err"]))):
        flags = os.O_RDONLY if target == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND  # both may be one file
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, target)
        os.close(opened)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, "r" if n == 0 else "w") for n in range(3))
    os.chdir(str(job["cwd"]))
    os.environ.clear()
    os.environ.update(job["env"])  # type: ignore[call-overload]


if __name__ == "__main__":
    _serve(sys.argv[1])
