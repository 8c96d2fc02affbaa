"""What the second hearing tells: the cards and reasons of real processes, over spoken audio on a real server.

    python -m benchmarks.listen.heard_cards [FOLDER]

FOLDER keeps the spoken test set. A feed has two of its files, without transcripts; `podwatch run` hears them, hears the
doubtful names again, and prints the cards. Three names show the three ends: confirmed, refused, and heard as another.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.harness import check_figure
from benchmarks.listen.scenario import ROOT, Scenario, open_scenario
from benchmarks.listen.spoken_set import load_set, make_set
from scripts.speech_models import fetch_model

NAMES = 40
FILES = ("clean-00.flac", "mp3-04.mp3")
CONFIRMED, REFUSED, HEARD_AS = "Ramzan Kadyrov", "Cai Qi", "Xiomara Casdro"
WATCHLIST = """
defaults: {channel: "#podcasts"}
watches:
  - {name: kadyrov, entity: Ramzan Kadyrov, type: person, sounds_like: true}
  - {name: cai-qi, entity: Cai Qi, type: person, sounds_like: true}
  - {name: casdro, entity: Xiomara Casdro, type: person, sounds_like: true}
"""


def run(s: Scenario, *words: str) -> str:
    """What a command prints; its log goes to stderr. Raises CalledProcessError when it fails."""
    command = [sys.executable, "-m", "podwatch", *words]
    done = subprocess.run(command, env=s.env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.folder or Path(scratch) / "set"
        files = load_set(folder) if (folder / "set.json").exists() else make_set(folder, NAMES, None)
        paths = [f.path for f in files if f.path.name in FILES]
        model = fetch_model("base", ROOT / ".cache/models")
        watchlist = Path(scratch) / "watchlist.yaml"
        watchlist.write_text(WATCHLIST)
        with open_scenario(Path(scratch) / "home", model, paths) as s:
            s.env["PODWATCH_HEAR_AGAIN"] = "wide"
            run(s, "watches", "sync", str(watchlist))
            cards = run(s, "run")
            print(cards)
            print(run(s, "hearings"))
            mentions = [json.loads(line) for line in run(s, "mentions", "--json").splitlines()]
            heard = [json.loads(line) for line in run(s, "hearings", "--json").splitlines()]
    told = {m["watch"]: m["reason"] for m in mentions}
    for watch, reason in told.items():
        print(f"{watch}: {reason}")
    asked = {h["name"] for h in heard if h["outcome"] == "heard"}
    confirmed = "heard again: Ramzan Kadyrov far likelier than" in told.get("kadyrov", "")
    refused = REFUSED in asked and "cai-qi" not in told
    heard_as = "heard again: heard as" in told.get("casdro", "")
    holds = check_figure("one is confirmed", confirmed, 1)
    holds = check_figure("one is refused", refused, 1) and holds
    return 0 if check_figure("one is told as heard", heard_as, 1) and holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
