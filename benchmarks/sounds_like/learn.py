"""What evidence is worth: the weights of pipeline/sounds/data/score.json, learned on train and calibrated on tune.

    python -m benchmarks.sounds_like.learn TRAIN.jsonl TUNE.jsonl TALK

TALK is a folder of real talk as plain text, for what is no name at all; half of it is read here, chosen by its file
names, and the other half is for measuring false alarms. Each clip of the set is put between pieces of such talk, with
one to four clips of a name in an episode, so that what the rest of an episode says is learned too.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from pipeline.sounds import Name, evidence, scoring
from pipeline.sounds.ear import Ear
from pipeline.sounds.evidence import FEATURES
from pipeline.sounds.lexicon import GIVEN, SURNAME, _listed

DATA = Path(__file__).parents[2] / "pipeline" / "sounds" / "data"
RIGHT, WRONG = 1, 0


def for_learning(path: Path) -> bool:
    """Whether a file of talk is read here; the others are for measuring."""
    return hashlib.sha256(path.name.encode()).digest()[0] % 2 == 0


def made_up(n: int, seed: int) -> list[Name]:
    """Names of nobody: a first name and a surname from the lists, for false alarms."""
    rng = random.Random(seed)
    listed = _listed()
    given = sorted(w for w, (c, f, _) in listed.items() if f & GIVEN and c < 15 and len(w) > 2)
    surname = sorted(w for w, (_, f, _) in listed.items() if f & SURNAME and len(w) > 3)
    return [Name(f"#{i}", f"{rng.choice(given)} {rng.choice(surname)}".title(), type="person") for i in range(n)]


def read_set(path: Path) -> dict[tuple[str, str], list[dict]]:
    clips: dict[tuple[str, str], list[dict]] = defaultdict(list)
    for line in path.read_text("utf-8").splitlines():
        clip = json.loads(line)
        clips[clip["name"], clip["type"]].append(clip)
    return clips


def episodes(clips: dict, talk: list[str], seed: int, rounds: int):
    """(text, name, type, gold spans) of made episodes."""
    rng = random.Random(seed)
    for _ in range(rounds):
        for (name, kind), some in sorted(clips.items()):
            chosen = rng.sample(some, min(len(some), rng.choice((1, 1, 1, 2, 3, 4))))
            text, gold = "", []
            for clip in chosen:
                filler = rng.choice(talk)
                at = filler.find(". ", rng.randrange(max(1, len(filler) - 3000))) + 2
                text += filler[at : at + rng.choice((0, 0, 300, 1500))].rpartition(". ")[0] + ". "
                gold += [
                    (len(text) + m["heard_start"], len(text) + m["heard_end"])
                    for m in clip["mentions"]
                    if m.get("heard_start") is not None
                ]
                text += clip["heard"] + " "
            if rng.random() < 0.15:
                text = text.lower()
            yield text, name, kind, gold


def label(start: int, end: int, gold: list[tuple[int, int]]) -> int | None:
    best = 0.0
    for a, b in gold:
        common = min(end, b) - max(start, a)
        if common > 0:
            best = max(best, common / (max(end, b) - min(start, a)))
    return RIGHT if best >= 0.6 else None if best else WRONG


def examples(ear: Ear, text: str, gold: list[tuple[int, int]], only: int | None) -> list[tuple[list[float], int]]:
    """The features and the label of each spot that is not spelt right; ``only``: the name that the gold is of."""
    spots, scene, company = ear.spots(text)
    rows = []
    for spot in spots:
        if spot.exact or (spot.form.wordlike and spot.form.part != "full"):
            continue
        kind = (ear.names[spot.form.name].type or "").lower()
        start, end = scene.words.starts[spot.first], scene.words.ends[spot.last - 1] - 2 * spot.whose
        right = label(start, end, gold) if spot.form.name == only else WRONG
        if right is not None:
            rows.append((evidence.features(spot, scene, company(spot), kind), right))
    return rows


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray, pull: float = 1.0) -> np.ndarray:
    """Logistic regression by Newton's method, with a pull to zero on all but the constant."""
    beta = np.zeros(x.shape[1])
    ridge = np.full(x.shape[1], pull)
    ridge[0] = 0.01
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (weight * (y - p)) - ridge * beta
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        beta += step
        if np.abs(step).max() < 1e-6:
            break
    return beta


def gather(clips: dict, talk: list[str], seed: int, rounds: int, hours: int) -> tuple[np.ndarray, np.ndarray]:
    names = [Name(n, n, type=k) for n, k in sorted(clips)]
    strangers = made_up(200, seed)
    rows: list[tuple[list[float], int]] = []
    for text, name, kind, gold in episodes(clips, talk, seed, rounds):
        rng = random.Random(f"{name}{len(text)}")
        others = [n for n in rng.sample(names, min(30, len(names))) if n.full != name]
        rows += examples(Ear([Name(name, name, type=kind), *others]), text, gold, 0)
    ear = Ear([*names, *strangers])
    for text in random.Random(seed).sample(talk, min(hours, len(talk))):
        rows += examples(ear, text, [], None)
    x = np.array([r for r, _ in rows])
    y = np.array([r for _, r in rows], dtype=float)
    return x, y


def save(beta: np.ndarray) -> None:
    weights = {n: round(float(b), 4) for n, b in zip(FEATURES, beta, strict=True)}
    (DATA / "score.json").write_text(json.dumps({"weights": weights}, indent=1) + "\n")
    scoring.weights.cache_clear()


def main() -> None:
    train, tune, folder = (Path(a) for a in sys.argv[1:4])
    files = [p for p in sorted(folder.rglob("*.txt")) if for_learning(p)]
    talk = [p.read_text("utf-8") for p in random.Random(1).sample(files, min(len(files), 120))]
    talk = [t for t in talk if len(t) > 8000]
    clips = read_set(train)
    for turn in range(int(sys.argv[4]) if len(sys.argv) > 4 else 2):
        x, y = gather(clips, talk, turn, 3, 15)
        beta = fit(x, y, np.ones(len(y)))
        save(beta)
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        print(f"{len(y)} spots, {int(y.sum())} right; at 0.5: {p[y == 1].__ge__(0.5).mean():.3f} found, "
              f"{(p[y == 0] >= 0.5).sum()} wrong", file=sys.stderr)  # fmt: skip
    if tune.exists():
        x, y = gather(read_set(tune), talk, 9, 3, 15)
        p = np.clip(x @ beta, -30, 30)
        scale = fit(np.stack([np.ones(len(p)), p], axis=1), y, np.ones(len(y)), pull=0.01)
        beta = beta * scale[1]
        beta[0] += scale[0]
        save(beta)
        print("calibration", scale, file=sys.stderr)
    for name, b in zip(FEATURES, beta, strict=True):
        print(f"{name:12} {b:8.3f}", file=sys.stderr)


if __name__ == "__main__":
    main()
