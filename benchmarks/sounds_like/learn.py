"""What evidence is worth: the weights of pipeline/podwatch/phonetics/data/score.json, learned on train.

    python -m benchmarks.sounds_like.learn TRAIN.jsonl TUNE.jsonl TALK PAGES

TALK is a folder of real talk as plain text, for what is no name at all; half of it is read here, chosen by its file
names, and the other half is for measuring false alarms. Each clip of the set is put between pieces of such talk, with
one to four clips of a name in an episode, so that what the rest of an episode says is learned too. PAGES is a folder of
real pages (training_pages.py), learned from as they are and with surnames alone; of names of train and tune only.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.sounds_like import training_pages, tree_training
from benchmarks.sounds_like.name_substitution import Role, ordinary, recast, roles
from benchmarks.sounds_like.names import subjects
from benchmarks.sounds_like.training_pages import Page, Said, bare, misspellings, watchlist
from podwatch.phonetics import WatchedName
from podwatch.phonetics import features as evidence
from podwatch.phonetics.boosted_trees import load_trees
from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.features import FEATURES, EpisodeContext
from podwatch.phonetics.lexicon import GIVEN, PLACE, SURNAME, listed_words
from podwatch.phonetics.name_matcher import NameMatcher
from podwatch.phonetics.overlaps import ScoredCandidate, best_per_name

DATA = Path(__file__).parents[2] / "pipeline" / "podwatch" / "phonetics" / "data"
RIGHT, WRONG = 1, 0
Clips = dict[tuple[str, str], list[dict[str, Any]]]
# What a spot counts for, beside one of a real page: of machine voices, and in talk where nobody on the list is named.
SYNTHETIC, NOBODY = 6.0, 6.0
TALKED = (1.0, 2.0)  # so many times that, in one half of the forests and in the other


def for_learning(path: Path) -> bool:
    """Whether a file of talk is read here; the others are for measuring."""
    return hashlib.sha256(path.name.encode()).digest()[0] % 2 == 0


def made_up(n: int, seed: int) -> list[WatchedName]:
    """Names of nobody: a first name and a surname from the lists, for false alarms."""
    rng = random.Random(seed)
    listed = listed_words()
    given = sorted(w for w, (c, f, _) in listed.items() if f & GIVEN and c < 15 and len(w) > 2)
    popular = sorted(given, key=lambda w: (listed[w][0], w))[:150]  # as most watched people's are, and most others'
    surname = sorted(w for w, (_, f, _) in listed.items() if f & SURNAME and len(w) > 3)
    return [
        WatchedName(f"{rng.choice(popular if i % 2 else given)} {rng.choice(surname)}".title(), type="person")
        for i in range(n)
    ]


def invented(n: int, seed: int) -> list[WatchedName]:
    """Companies and places of one word that are none: halves of listed surnames and places, put together."""
    rng = random.Random(seed)
    words = sorted(w for w, (_, f, _) in listed_words().items() if f & (SURNAME | PLACE) and len(w) > 4 and w.isalpha())
    made = [(rng.choice(words), rng.choice(words)) for _ in range(n)]
    halves = [front[: len(front) // 2 + 1] + back[len(back) // 2 + 1 :] for front, back in made]
    return [WatchedName(w.title(), type=("company", "place")[i % 2]) for i, w in enumerate(halves)]


def read_set(path: Path) -> Clips:
    clips: Clips = defaultdict(list)
    for line in path.read_text("utf-8").splitlines():
        clip = json.loads(line)
        clips[clip["name"], clip["type"]].append(clip)
    return clips


def spans_of(clip: dict[str, Any]) -> list[tuple[int, int]]:
    """Where the name is in what was heard."""
    return [(m["heard_start"], m["heard_end"]) for m in clip["mentions"] if m.get("heard_start") is not None]


def corrected(clip: dict[str, Any], rng: random.Random) -> tuple[str, list[tuple[int, int]]]:
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


def episodes(clips: Clips, talk: Sequence[str], seed: int) -> Iterator[tuple[str, str, str, list[tuple[int, int]]]]:
    """(text, name, type, gold spans) of a made episode of each name."""
    rng = random.Random(seed)
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


@dataclass(frozen=True, slots=True)
class Example:
    """A spot that is not spelt right. ``kept``: the best of those that overlap, as the ear was before."""

    features: list[float]
    right: int
    weight: float
    kept: bool


def listen(
    ear: NameMatcher, text: str, title: str
) -> tuple[list[Candidate], TextContext, list[EpisodeContext], list[tuple[int, int]], set[int]]:
    """All spots, what the episode says of them, where they are in the text, and by ``id`` those that are kept."""
    spots, scene, company = ear.find_candidates(text, title)
    companies = [company(s) for s in spots]
    ear._score(spots, scene, companies)
    kept = {id(s.candidate) for s in best_per_name([ScoredCandidate(*s) for s in zip(spots, companies, strict=True)])}
    spans = [(scene.tokens.starts[s.first], scene.tokens.ends[s.last - 1] - 2 * s.is_possessive) for s in spots]
    return spots, scene, companies, spans, kept


def examples(
    ear: NameMatcher, text: str, gold: list[tuple[int, int]], only: int | None, title: str = ""
) -> list[Example]:
    """Of each spot that is not spelt right; ``only``: the name that the gold is of.

    Right is what fits a mention best. What reaches beyond it is wrong, though less so than what is elsewhere; a part
    of a mention, as a surname in a full name, is neither.
    """
    spots, scene, companies, spans, kept = listen(ear, text, title)
    rows: list[Example] = []
    closest = {g: max((overlap(*x, *g) for s, x in zip(spots, spans, strict=True) if s.form.name == only), default=0)
            for g in gold}  # fmt: skip
    for spot, company, (start, end) in zip(spots, companies, spans, strict=True):
        if spot.is_exact or (spot.form.is_wordlike and spot.form.part != "full"):
            continue
        right, weight = WRONG, 1.0
        touched = [g for g in gold if spot.form.name == only and start < g[1] and g[0] < end]
        if touched:
            g = max(touched, key=lambda g: overlap(start, end, *g))
            fit_ = overlap(start, end, *g)
            if fit_ >= 0.6 and fit_ > closest[g] - 0.01:
                right = RIGHT
            elif g[0] <= start and end <= g[1]:
                continue
            else:
                weight = 0.5
        kind = (ear.names[spot.form.name].type or "").lower()
        numbers = evidence.compute_features(spot, scene, company, kind)
        numbers[FEATURES.index("frame")] = numbers[FEATURES.index("beside")] = 0.0  # its sentences are of few kinds
        rows.append(Example(numbers, right, weight, id(spot) in kept))
    return rows


def of_page(ear: NameMatcher, page: Page) -> list[Example]:
    """Of each spot of a real page that is not spelt right; nothing where it is unclear."""
    spots, scene, companies, spans, kept = listen(ear, page.text, page.title)
    said: dict[str, list[Said]] = defaultdict(list)
    for m in page.said:
        said[m.name].append(m)
    unclear: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for name, start, end in page.unclear:
        unclear[name].append((start, end))
    closest: dict[Said, float] = defaultdict(float)
    fits: list[tuple[Said, float] | None] = []
    for spot, (start, end) in zip(spots, spans, strict=True):
        over = [(overlap(start, end, m.start, m.end), m.start, m) for m in said[ear.names[spot.form.name].full]]
        likeliest = max((o for o in over if o[0] > 0), default=None)
        fits.append((likeliest[2], likeliest[0]) if likeliest else None)
        if likeliest:
            closest[likeliest[2]] = max(closest[likeliest[2]], likeliest[0])
    rows: list[Example] = []
    for spot, company, (start, end), fitted in zip(spots, companies, spans, fits, strict=True):
        if spot.is_exact:
            continue
        right, weight, name = WRONG, 1.0, ear.names[spot.form.name].full
        if fitted is not None:
            m, fit_ = fitted
            if fit_ >= 0.6 and fit_ > closest[m] - 0.01:
                right = RIGHT
            elif m.start <= start and end <= m.end:
                continue
            else:
                weight = 0.5
        elif any(start < b and a < end for key in ("*", name) for a, b in unclear[key]):
            continue
        rows.append(Example(evidence.compute_features(spot, scene, company, "person"), right, weight, id(spot) in kept))
    return rows


def of_pages(pages: Sequence[Page], seed: int) -> list[Example]:
    """Of each page in both shapes, with lists of 10 to 35 names."""
    forms = misspellings(pages)
    everybody = sorted({n for page in pages for n in page.names})
    chance = random.Random(seed)
    rows: list[Example] = []
    for page in pages:
        for shape in (page, bare(page, forms, chance)):
            names = watchlist(shape, everybody, chance.choice((10, 15, 20, 35)), chance)
            rows += of_page(NameMatcher([WatchedName(n, type="person") for n in names]), shape)
    return rows


def of_recast(pages: Sequence[Page], cast: Sequence[Role], seed: int) -> list[Example]:
    """Of each page with names of the cast in the places of its people."""
    chance = random.Random(seed)
    rows: list[Example] = []
    for page in pages:
        shape = recast(page, cast, chance)
        names = watchlist(shape, [r.name for r in cast], chance.choice((10, 15, 20, 35)), chance)
        rows += of_page(NameMatcher([WatchedName(n, type="person") for n in names]), shape)
    return rows


def of_set(clips: Clips, talk: Sequence[str], seed: int) -> list[Example]:
    """Of made episodes."""
    names = [WatchedName(n, type=k) for n, k in sorted(clips)]
    rows: list[Example] = []
    for text, name, kind, gold in episodes(clips, talk, seed):
        rng = random.Random(f"{name}{len(text)}")
        others = [n for n in rng.sample(names, min(30, len(names))) if n.full != name]
        rows += examples(
            NameMatcher([WatchedName(name, type=kind), *others]),
            text,
            gold,
            0,
            name if rng.random() < 0.2 else "",
        )
    return [replace(row, weight=row.weight * SYNTHETIC) for row in rows]


def of_talk(split: str, talk: Sequence[str], seed: int) -> list[Example]:
    """Of talk in which none of the split's names is said."""
    names = [WatchedName(s.name, type=s.type) for s in subjects() if s.split == split]
    ear = NameMatcher([*names, *made_up(400, seed), *invented(200, seed)])
    rows: list[Example] = []
    for text in talk:
        noted = " and ".join(n.full for n in random.Random(len(text)).sample(names, 3))  # and then not said
        rows += examples(ear, text, [], None, noted)
    return [replace(row, weight=row.weight * NOBODY) for row in rows]


def columns(rows: Sequence[Example]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, labels, weights."""
    return (
        np.array([r.features for r in rows]),
        np.array([r.right for r in rows]),
        np.array([r.weight for r in rows]),
    )


def stretch(nats: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Scale and shift with which ``nats`` are right as often as they say (Platt 1999)."""
    x = np.stack([nats, np.ones(len(nats))], axis=1)
    beta = np.array([1.0, 0.0])
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        curve = (x * (p * (1 - p))[:, None]).T @ x + np.eye(2) * 0.01
        beta -= np.linalg.solve(curve, x.T @ (p - y) + 0.01 * beta)
    return float(beta[0]), float(beta[1])


def save(data: dict[str, Any]) -> None:
    (DATA / "score.json").write_text(tree_training.dumped(data))
    load_trees.cache_clear()


def main() -> None:
    train, tune, folder, paged = (Path(a) for a in sys.argv[1:5])
    files = [p for p in sorted(folder.rglob("*.txt")) if for_learning(p)]
    talk = [p.read_text("utf-8", errors="replace") for p in random.Random(1).sample(files, min(120, len(files)))]
    talk = [t for t in talk if len(t) > 8000]
    pages = training_pages.load(paged)
    random.Random(2).shuffle(pages)
    apart = len(pages) // 6  # they calibrate
    clips = read_set(train)
    cast = roles(clips)
    for turn in range(2):  # what an episode is about is known by the scores of before
        seeds = (2 * turn, 2 * turn + 1)
        rows = [row for seed in seeds for row in of_talk("train", talk[seed % 2 :: 2], seed)]
        nobody = len(rows)
        rows += of_pages(pages[apart:], turn)
        rows += of_recast(pages[apart:], cast, seeds[0])
        rows += of_recast(pages[apart:], [*cast, *ordinary(len(cast), turn)], seeds[1])
        rows += [row for seed in seeds for row in of_set(clips, talk, seed)]
        x, y, weight = columns(rows)
        forests = []
        for much in TALKED:
            counts = weight * np.where(np.arange(len(y)) < nobody, much, 1.0)
            forests += [tree_training.grow(x, y, counts, kind) for kind in tree_training.KINDS]
        save(tree_training.averaged(forests))
        print(f"{len(y)} spots, {int(y.sum())} right", file=sys.stderr)
    clips = read_set(tune)
    rows = of_pages(pages[:apart], 9) + of_recast(pages[:apart], roles(clips), 9) + of_set(clips, talk, 9)
    x, y, _ = columns([row for row in rows if row.kept])
    ready = [
        tree_training.calibrated(forest, *stretch(tree_training.ready(forest).log_odds(x), y)) for forest in forests
    ]
    save(tree_training.averaged(ready))


if __name__ == "__main__":
    main()
