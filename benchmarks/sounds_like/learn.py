"""What evidence is worth: the weights of pipeline/sounds/data/score.json, learned on train and calibrated on tune.

    python -m benchmarks.sounds_like.learn TRAIN.jsonl TUNE.jsonl TALK PAGES

TALK is a folder of real talk as plain text, for what is no name at all; half of it is read here, chosen by its file
names, and the other half is for measuring false alarms. Each clip of the set is put between pieces of such talk, with
one to four clips of a name in an episode, so that what the rest of an episode says is learned too. PAGES is a folder of
real pages (bare_pages.py), learned from as they are and with surnames alone; of names of train and tune only.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.sounds_like import bare_pages
from benchmarks.sounds_like.bare_pages import Page, Said, bare, misspellings, watchlist
from pipeline.sounds import Name, evidence, scoring
from pipeline.sounds.ear import Ear
from pipeline.sounds.evidence import FEATURES
from pipeline.sounds.lexicon import GIVEN, SURNAME, _listed

DATA = Path(__file__).parents[2] / "pipeline" / "sounds" / "data"
RIGHT, WRONG = 1, 0
SYNTHETIC = 0.5  # what a spot of machine voices counts for, beside one of a real page


def for_learning(path: Path) -> bool:
    """Whether a file of talk is read here; the others are for measuring."""
    return hashlib.sha256(path.name.encode()).digest()[0] % 2 == 0


def made_up(n: int, seed: int) -> list[Name]:
    """Names of nobody: a first name and a surname from the lists, for false alarms."""
    rng = random.Random(seed)
    listed = _listed()
    given = sorted(w for w, (c, f, _) in listed.items() if f & GIVEN and c < 15 and len(w) > 2)
    popular = sorted(given, key=lambda w: (listed[w][0], w))[:150]  # as most watched people's are, and most others'
    surname = sorted(w for w, (_, f, _) in listed.items() if f & SURNAME and len(w) > 3)
    return [
        Name(f"#{i}", f"{rng.choice(popular if i % 2 else given)} {rng.choice(surname)}".title(), type="person")
        for i in range(n)
    ]


def read_set(path: Path) -> dict[tuple[str, str], list[dict]]:
    clips: dict[tuple[str, str], list[dict]] = defaultdict(list)
    for line in path.read_text("utf-8").splitlines():
        clip = json.loads(line)
        clips[clip["name"], clip["type"]].append(clip)
    return clips


def spans_of(clip: dict) -> list[tuple[int, int]]:
    """Where the name is in what was heard."""
    return [(m["heard_start"], m["heard_end"]) for m in clip["mentions"] if m.get("heard_start") is not None]


def corrected(clip: dict, rng: random.Random) -> tuple[str, list[tuple[int, int]]]:
    """The clip with one or more mentions spelt right, and with surnames alone: as in talk that knows the name well."""
    mentions = [m for m in clip["mentions"] if m.get("heard_start") is not None]
    short = [clip["said"][m["said_start"] : m["said_end"]] for m in mentions if m["form"] == "surname"]
    text, at, spans = "", 0, []
    for m in sorted(mentions, key=lambda m: m["heard_start"]):
        surface = clip["heard"][m["heard_start"] : m["heard_end"]]
        if short and m["form"] == "full":
            surface = short[0].removesuffix("'s")
        elif not short and rng.random() < 0.5:
            surface = clip["said"][m["said_start"] : m["said_end"]]
        text += clip["heard"][at : m["heard_start"]]
        spans.append((len(text), len(text) + len(surface)))
        text += surface
        at = m["heard_end"]
    return text + clip["heard"][at:], spans


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
                heard, spans = corrected(clip, rng) if rng.random() < 0.35 else (clip["heard"], spans_of(clip))
                gold += [(len(text) + a, len(text) + b) for a, b in spans]
                text += heard + " "
            if rng.random() < 0.15:
                text = text.lower()
            yield text, name, kind, gold


def overlap(start: int, end: int, a: int, b: int) -> float:
    """Characters in common over characters in either."""
    return max(0, min(end, b) - max(start, a)) / (max(end, b) - min(start, a))


def examples(
    ear: Ear, text: str, gold: list[tuple[int, int]], only: int | None, title: str = ""
) -> list[tuple[list[float], int, float]]:
    """Features, label and weight of each spot that is not spelt right; ``only``: the name that the gold is of.

    Right is what fits a mention best. What reaches beyond it is wrong, though less so than what is elsewhere; a part
    of a mention, as a surname in a full name, is neither.
    """
    spots, scene, company = ear.spots(text, title)
    rows: list[tuple[list[float], int, float]] = []
    spans = [(scene.words.starts[s.first], scene.words.ends[s.last - 1] - 2 * s.whose) for s in spots]
    best = {g: max((overlap(*x, *g) for s, x in zip(spots, spans, strict=True) if s.form.name == only), default=0)
            for g in gold}  # fmt: skip
    for spot, (start, end) in zip(spots, spans, strict=True):
        if spot.exact or (spot.form.wordlike and spot.form.part != "full"):
            continue
        right, weight = WRONG, 1.0
        touched = [g for g in gold if spot.form.name == only and start < g[1] and g[0] < end]
        if touched:
            g = max(touched, key=lambda g: overlap(start, end, *g))
            fit_ = overlap(start, end, *g)
            if fit_ >= 0.6 and fit_ > best[g] - 0.01:
                right = RIGHT
            elif g[0] <= start and end <= g[1]:
                continue
            else:
                weight = 0.5
        kind = (ear.names[spot.form.name].type or "").lower()
        rows.append((evidence.features(spot, scene, company(spot), kind), right, weight))
    return rows


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray, pull: float = 1.0) -> np.ndarray:
    """Logistic regression by Newton's method, with a pull to zero on all but the constant."""
    beta = np.zeros(x.shape[1])
    ridge = np.full(x.shape[1], pull)
    ridge[0] = 0.01
    if x.shape[1] >= len(FEATURES):  # the sentences of the set are of few kinds: what stands beside is worth less
        ridge[[FEATURES.index("frame"), FEATURES.index("beside")]] = 300.0
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (weight * (y - p)) - ridge * beta
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        beta += step
        if np.abs(step).max() < 1e-6:
            break
    return beta


def of_page(ear: Ear, page: Page) -> list[tuple[list[float], int, float]]:
    """Features, label and weight of each spot of a real page that is not spelt right; nothing where it is unclear."""
    spots, scene, company = ear.spots(page.text, page.title)
    spans = [(scene.words.starts[s.first], scene.words.ends[s.last - 1] - 2 * s.whose) for s in spots]
    said: dict[str, list[Said]] = defaultdict(list)
    for m in page.said:
        said[m.name].append(m)
    unclear: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for name, start, end in page.unclear:
        unclear[name].append((start, end))
    best: dict[Said, float] = defaultdict(float)
    fits: list[tuple[Said, float] | None] = []
    for spot, (start, end) in zip(spots, spans, strict=True):
        over = [(overlap(start, end, m.start, m.end), m.start, m) for m in said[ear.names[spot.form.name].full]]
        fit_, _, m = max((o for o in over if o[0] > 0), default=(0.0, 0, None))
        fits.append((m, fit_) if m is not None else None)
        if m is not None:
            best[m] = max(best[m], fit_)
    rows: list[tuple[list[float], int, float]] = []
    for spot, (start, end), fitted in zip(spots, spans, fits, strict=True):
        if spot.exact:
            continue
        right, weight, name = WRONG, 1.0, ear.names[spot.form.name].full
        if fitted is not None:
            m, fit_ = fitted
            if fit_ >= 0.6 and fit_ > best[m] - 0.01:
                right = RIGHT
            elif m.start <= start and end <= m.end:
                continue
            else:
                weight = 0.5
        elif any(start < b and a < end for key in ("*", name) for a, b in unclear[key]):
            continue
        rows.append((evidence.features(spot, scene, company(spot), "person"), right, weight))
    return rows


def of_pages(pages: Sequence[Page], seed: int, number: int) -> list[tuple[list[float], int, float]]:
    """Of so many pages, each in both shapes, with lists of 10 to 35 names."""
    forms = misspellings(pages)
    everybody = sorted({n for page in pages for n in page.names})
    chance = random.Random(seed)
    rows: list[tuple[list[float], int, float]] = []
    for page in chance.sample(list(pages), min(number, len(pages))):
        for shape in (page, bare(page, forms, chance)):
            names = watchlist(shape, everybody, chance.choice((10, 15, 20, 35)), chance)
            rows += of_page(Ear([Name(n, n, type="person") for n in names]), shape)
    return rows


def gather(
    clips: dict, talk: list[str], seed: int, rounds: int, hours: int, pages: Sequence[Page] = (), number: int = 0
) -> tuple[np.ndarray, ...]:
    names = [Name(n, n, type=k) for n, k in sorted(clips)]
    strangers = made_up(400, seed)
    rows: list[tuple[list[float], int, float]] = []
    for text, name, kind, gold in episodes(clips, talk, seed, rounds):
        rng = random.Random(f"{name}{len(text)}")
        others = [n for n in rng.sample(names, min(30, len(names))) if n.full != name]
        rows += examples(Ear([Name(name, name, type=kind), *others]), text, gold, 0, name if rng.random() < 0.2 else "")
    rows = [(x, y, weight * SYNTHETIC) for x, y, weight in rows]
    made = len(rows)
    ear = Ear([*names, *strangers])
    for text in random.Random(seed).sample(talk, min(hours, len(talk))):
        noted = " and ".join(n.full for n in random.Random(len(text)).sample(names, 3))  # and then not said
        rows += examples(ear, text, [], None, noted)
    rows += of_pages(pages, seed, number)
    x, y, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return x, y, weight, np.arange(len(rows)) < made


def fit_beside(x: np.ndarray, y: np.ndarray, weight: np.ndarray, made: np.ndarray, pull: float = 1.0) -> np.ndarray:
    """``fit`` with a constant of its own for made episodes, left out of the answer.

    In them nearly all that sounds like a name is one, in real talk nearly nothing: what they teach is which evidence
    tells the one from the other, not how often there is anything to find.
    """
    x = np.concatenate([x, made[:, None]], axis=1)
    if x.shape[1] > len(FEATURES):  # a passage of the set says its name two or three times, and nothing else is odd in it
        x[made, FEATURES.index("lonely")] = 0.0
    return fit(x, y, weight, pull)[:-1]


# What the set can show too little of, its sentences being of few kinds: the least, or the most, that it counts.
LEAST = {"full": 0.0, "others": 0.4, "beside": 0.4, "notes": 1.0, "spellings": 0.0, "kin": 0.0}
MOST = {"first_name": -5.0, "other_name": -0.2, "lonely": -0.5}


def bounded(beta: np.ndarray) -> np.ndarray:
    at = {name: i for i, name in enumerate(FEATURES)}
    for name, least in LEAST.items():
        beta[at[name]] = max(beta[at[name]], least)
    for name, most in MOST.items():
        beta[at[name]] = min(beta[at[name]], most)
    return beta


def save(beta: np.ndarray) -> None:
    weights = {n: round(float(b), 4) for n, b in zip(FEATURES, beta, strict=True)}
    (DATA / "score.json").write_text(json.dumps({"weights": weights}, indent=1) + "\n")
    scoring.weights.cache_clear()


def main() -> None:
    train, tune, folder, paged = (Path(a) for a in sys.argv[1:5])
    pages = bare_pages.load(paged)
    files = [p for p in sorted(folder.rglob("*.txt")) if for_learning(p)]
    talk = [p.read_text("utf-8") for p in random.Random(1).sample(files, min(len(files), 120))]
    talk = [t for t in talk if len(t) > 8000]
    clips = read_set(train)
    for turn in range(int(sys.argv[5]) if len(sys.argv) > 5 else 2):
        x, y, weight, made = gather(clips, talk, turn, 1, 15, pages, 50)
        beta = bounded(fit_beside(x, y, weight, made))
        save(beta)
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        print(f"{len(y)} spots, {int(y.sum())} right; at 0.5: {p[y == 1].__ge__(0.5).mean():.3f} found, "
              f"{(p[y == 0] >= 0.5).sum()} wrong", file=sys.stderr)  # fmt: skip
    if tune.exists():
        x, y, weight, made = gather(read_set(tune), talk, 9, 1, 4, pages, 15)
        p = np.clip(x @ beta, -30, 30)
        scale = fit_beside(np.stack([np.ones(len(p)), p], axis=1), y, weight, made, pull=0.01)
        beta = beta * scale[1]
        beta[0] += scale[0]
        save(beta)
        print("calibration", scale, file=sys.stderr)
    for name, b in zip(FEATURES, beta, strict=True):
        print(f"{name:12} {b:8.3f}", file=sys.stderr)


if __name__ == "__main__":
    main()
