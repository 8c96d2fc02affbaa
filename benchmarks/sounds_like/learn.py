"""Learns the gradient-boosted trees of pipeline/podwatch/phonetics/data/score.json on the train names.

    python -m benchmarks.sounds_like.learn TRAIN.jsonl TUNE.jsonl TALK PAGES

TALK is a folder of real talk as plain text, for what is no name at all; half of its files are read here, chosen by a
hash of their names, and the others are for measuring false alarms. Each clip of the set is put between pieces of such
talk, with one to four clips of a name in an episode, so that what the rest of an episode says is learned too. PAGES is
a folder of real pages (training_pages.py), learned from as they are and with surnames alone; of names of train and tune
only.
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
from benchmarks.sounds_like.name_substitution import HeardName, collect_heard_names, invent_homophones, substitute_names
from benchmarks.sounds_like.names import load_subjects
from benchmarks.sounds_like.training_pages import (
    Page,
    PageMention,
    choose_watchlist,
    collect_misspellings,
    drop_first_names,
)
from podwatch.phonetics import WatchedName
from podwatch.phonetics.boosted_trees import load_trees, parse_trees
from podwatch.phonetics.candidate_scoring import score_candidates
from podwatch.phonetics.candidates import Candidate, TextContext
from podwatch.phonetics.episode_context import EpisodeContext
from podwatch.phonetics.features import FEATURES, compute_features
from podwatch.phonetics.lexicon import GIVEN, PLACE, SURNAME, listed_words
from podwatch.phonetics.name_matcher import NameMatcher
from podwatch.phonetics.overlaps import best_per_name

DATA = Path(__file__).parents[2] / "pipeline" / "podwatch" / "phonetics" / "data"
RIGHT, WRONG = 1, 0
Clips = dict[tuple[str, str], list[dict[str, Any]]]
# What a candidate weighs beside one of a real page: in clips of machine voices, and in talk that names nobody watched.
CLIP_WEIGHT, TALK_WEIGHT = 6.0, 6.0
TALK_FACTORS = (1.0, 2.0)  # factors for the weight of talk, in one half of the models and in the other


def is_for_learning(path: Path) -> bool:
    """Whether a file of talk is read here; the others are for measuring."""
    return hashlib.sha256(path.name.encode()).digest()[0] % 2 == 0


def invent_persons(n: int, seed: int) -> list[WatchedName]:
    """Invented persons, for false alarms: a listed first name and a listed surname."""
    rng = random.Random(seed)
    listed = listed_words()
    given = sorted(w for w, (c, f, _) in listed.items() if f & GIVEN and c < 15 and len(w) > 2)
    popular = sorted(given, key=lambda w: (listed[w][0], w))[:150]  # like most people's
    surname = sorted(w for w, (_, f, _) in listed.items() if f & SURNAME and len(w) > 3)
    return [
        WatchedName(f"{rng.choice(popular if i % 2 else given)} {rng.choice(surname)}".title(), type="person")
        for i in range(n)
    ]


def invent_other_names(n: int, seed: int) -> list[WatchedName]:
    """Invented companies and places of one word: halves of listed surnames and places, joined."""
    rng = random.Random(seed)
    words = sorted(w for w, (_, f, _) in listed_words().items() if f & (SURNAME | PLACE) and len(w) > 4 and w.isalpha())
    made = [(rng.choice(words), rng.choice(words)) for _ in range(n)]
    halves = [front[: len(front) // 2 + 1] + back[len(back) // 2 + 1 :] for front, back in made]
    return [WatchedName(w.title(), type=("company", "place")[i % 2]) for i, w in enumerate(halves)]


def read_clips(path: Path) -> Clips:
    clips: Clips = defaultdict(list)
    for line in path.read_text("utf-8").splitlines():
        clip = json.loads(line)
        clips[clip["name"], clip["type"]].append(clip)
    return clips


def heard_spans(clip: dict[str, Any]) -> list[tuple[int, int]]:
    """The spans of the name in what was heard."""
    return [(m["heard_start"], m["heard_end"]) for m in clip["mentions"] if m.get("heard_start") is not None]


def correct_mentions(clip: dict[str, Any], rng: random.Random) -> tuple[str, list[tuple[int, int]]]:
    """(text, spans of the name) of the clip, some mentions spelt right, surnames alone: as if it were well known."""
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


def make_episodes(
    clips: Clips, talk: Sequence[str], seed: int
) -> Iterator[tuple[str, str, str, list[tuple[int, int]]]]:
    """(text, name, type, spans of the mentions) of an episode for each name, made of clips and talk."""
    rng = random.Random(seed)
    for (name, kind), some in sorted(clips.items()):
        chosen = rng.sample(some, min(len(some), rng.choice((1, 1, 1, 2, 3, 4))))
        text, gold = "", []
        for clip in chosen:
            filler = rng.choice(talk)
            at = filler.find(". ", rng.randrange(max(1, len(filler) - 3000))) + 2
            text += filler[at : at + rng.choice((0, 0, 300, 1500))].rpartition(". ")[0] + ". "
            heard, spans = correct_mentions(clip, rng) if rng.random() < 0.35 else (clip["heard"], heard_spans(clip))
            gold += [(len(text) + a, len(text) + b) for a, b in spans]
            text += heard + " "
        if rng.random() < 0.15:
            text = text.lower()
        yield text, name, kind, gold


def overlap_share(start: int, end: int, a: int, b: int) -> float:
    """Characters in both spans over characters in either."""
    return max(0, min(end, b) - max(start, a)) / (max(end, b) - min(start, a))


@dataclass(frozen=True, slots=True)
class Example:
    """A candidate that is not spelt right. is_best: the best of those that overlap; the calibration is by these."""

    features: list[float]
    label: int
    weight: float
    is_best: bool


@dataclass(frozen=True, slots=True)
class ScoredText:
    """The candidates of a text, their episode contexts and spans in order, and the ``id`` of the best ones."""

    candidates: list[Candidate]
    context: TextContext
    episodes: list[EpisodeContext]
    spans: list[tuple[int, int]]
    best: set[int]


def score_text(matcher: NameMatcher, text: str, title: str) -> ScoredText:
    candidates, context, episode_of = matcher.find_candidates(text, title)
    episodes = [episode_of(c) for c in candidates]
    score_candidates(candidates, context, episodes, matcher.same_names)
    tokens = context.tokens
    spans = [(tokens.starts[c.first], tokens.ends[c.last - 1] - 2 * c.is_possessive) for c in candidates]
    return ScoredText(candidates, context, episodes, spans, {id(c) for c in best_per_name(candidates)})


def label_overlap(share: float, closest: float, *, is_inside: bool) -> tuple[int, float] | None:
    """(label, weight) of a candidate that overlaps a mention; closest: the largest overlap of any candidate with it.

    The closest one is right. One that reaches beyond the mention is wrong, at half the weight; a part of it, like the
    surname in a full name, is neither (None).
    """
    if share >= 0.6 and share > closest - 0.01:
        return RIGHT, 1.0
    return None if is_inside else (WRONG, 0.5)


def episode_examples(
    matcher: NameMatcher, text: str, gold: list[tuple[int, int]], only: int | None, title: str = ""
) -> list[Example]:
    """An example for each candidate that is not spelt right. gold: the spans of the mentions of the name ``only``."""
    scored = score_text(matcher, text, title)
    rows: list[Example] = []
    mine = [x for c, x in zip(scored.candidates, scored.spans, strict=True) if c.form.name == only]
    closest = {g: max((overlap_share(*x, *g) for x in mine), default=0) for g in gold}
    for candidate, episode, (start, end) in zip(scored.candidates, scored.episodes, scored.spans, strict=True):
        if candidate.is_exact or (candidate.form.is_wordlike and candidate.form.part != "full"):
            continue
        labelled: tuple[int, float] | None = WRONG, 1.0
        touched = [g for g in gold if candidate.form.name == only and start < g[1] and g[0] < end]
        if touched:
            g = max(touched, key=lambda g: overlap_share(start, end, *g))
            is_inside = g[0] <= start and end <= g[1]
            labelled = label_overlap(overlap_share(start, end, *g), closest[g], is_inside=is_inside)
        if labelled is None:
            continue
        numbers = compute_features(candidate, scored.context, episode)
        numbers[FEATURES.index("frame")] = numbers[FEATURES.index("beside")] = 0.0  # the set has few kinds of sentences
        rows.append(Example(numbers, *labelled, id(candidate) in scored.best))
    return rows


def page_examples(matcher: NameMatcher, page: Page) -> list[Example]:
    """An example for each candidate of a real page that is not spelt right, except where the page is unclear."""
    scored = score_text(matcher, page.text, page.title)
    mentions: dict[str, list[PageMention]] = defaultdict(list)
    for m in page.mentions:
        mentions[m.name].append(m)
    unclear: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for name, start, end in page.unclear:
        unclear[name].append((start, end))
    closest: dict[PageMention, float] = defaultdict(float)
    fits: list[tuple[PageMention, float] | None] = []
    names = [matcher.names[c.form.name].full for c in scored.candidates]
    for name, (start, end) in zip(names, scored.spans, strict=True):
        over = [(overlap_share(start, end, m.start, m.end), m.start, m) for m in mentions[name]]
        likeliest = max((o for o in over if o[0] > 0), default=None)
        fits.append((likeliest[2], likeliest[0]) if likeliest else None)
        if likeliest:
            closest[likeliest[2]] = max(closest[likeliest[2]], likeliest[0])
    rows: list[Example] = []
    for candidate, name, episode, (start, end), fit in zip(
        scored.candidates, names, scored.episodes, scored.spans, fits, strict=True
    ):
        if candidate.is_exact:
            continue
        labelled: tuple[int, float] | None = WRONG, 1.0
        if fit is not None:
            m, share = fit
            labelled = label_overlap(share, closest[m], is_inside=m.start <= start and end <= m.end)
        elif any(start < b and a < end for key in ("*", name) for a, b in unclear[key]):
            labelled = None
        if labelled is not None:
            numbers = compute_features(candidate, scored.context, episode)
            rows.append(Example(numbers, *labelled, id(candidate) in scored.best))
    return rows


def real_page_examples(pages: Sequence[Page], seed: int) -> list[Example]:
    """Examples of each page as it is and with first names dropped, with lists of 10 to 35 names."""
    forms = collect_misspellings(pages)
    everybody = sorted({n for page in pages for n in page.names})
    chance = random.Random(seed)
    rows: list[Example] = []
    for page in pages:
        for shape in (page, drop_first_names(page, forms, chance)):
            names = choose_watchlist(shape, everybody, chance.choice((10, 15, 20, 35)), chance)
            rows += page_examples(NameMatcher([WatchedName(n, type="person") for n in names]), shape)
    return rows


def substituted_page_examples(pages: Sequence[Page], substitutes: Sequence[HeardName], seed: int) -> list[Example]:
    """Examples of each page with names of ``substitutes`` in place of its own."""
    chance = random.Random(seed)
    rows: list[Example] = []
    for page in pages:
        shape = substitute_names(page, substitutes, chance)
        names = choose_watchlist(shape, [s.name for s in substitutes], chance.choice((10, 15, 20, 35)), chance)
        rows += page_examples(NameMatcher([WatchedName(n, type="person") for n in names]), shape)
    return rows


def clip_examples(clips: Clips, talk: Sequence[str], seed: int) -> list[Example]:
    """Examples of episodes made of clips."""
    names = [WatchedName(n, type=k) for n, k in sorted(clips)]
    rows: list[Example] = []
    for text, name, kind, gold in make_episodes(clips, talk, seed):
        rng = random.Random(f"{name}{len(text)}")
        others = [n for n in rng.sample(names, min(30, len(names))) if n.full != name]
        rows += episode_examples(
            NameMatcher([WatchedName(name, type=kind), *others]),
            text,
            gold,
            0,
            name if rng.random() < 0.2 else "",
        )
    return [replace(row, weight=row.weight * CLIP_WEIGHT) for row in rows]


def talk_examples(split: str, talk: Sequence[str], seed: int) -> list[Example]:
    """Examples of talk in which none of the split's names is said."""
    names = [WatchedName(s.name, type=s.type) for s in load_subjects() if s.split == split]
    matcher = NameMatcher([*names, *invent_persons(400, seed), *invent_other_names(200, seed)])
    rows: list[Example] = []
    for text in talk:
        absent = random.Random(len(text)).sample(names, 3)  # named in the title, but not in the text
        title = " and ".join(n.full for n in absent)
        rows += episode_examples(matcher, text, [], None, title)
    return [replace(row, weight=row.weight * TALK_WEIGHT) for row in rows]


def to_arrays(rows: Sequence[Example]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, labels, weights."""
    return (
        np.array([r.features for r in rows]),
        np.array([r.label for r in rows]),
        np.array([r.weight for r in rows]),
    )


def fit_platt(nats: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Scale and shift that make log odds in nats calibrated probabilities (Platt 1999)."""
    x = np.stack([nats, np.ones(len(nats))], axis=1)
    beta = np.array([1.0, 0.0])
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        curve = (x * (p * (1 - p))[:, None]).T @ x + np.eye(2) * 0.01
        beta -= np.linalg.solve(curve, x.T @ (p - y) + 0.01 * beta)
    return float(beta[0]), float(beta[1])


def save_trees(data: dict[str, Any]) -> None:
    (DATA / "score.json").write_text(tree_training.dump_trees(data))
    load_trees.cache_clear()


def main() -> None:
    train, tune, folder, paged = (Path(a) for a in sys.argv[1:5])
    files = [p for p in sorted(folder.rglob("*.txt")) if is_for_learning(p)]
    talk = [p.read_text("utf-8", errors="replace") for p in random.Random(1).sample(files, min(120, len(files)))]
    talk = [t for t in talk if len(t) > 8000]
    pages = training_pages.load_pages(paged)
    random.Random(2).shuffle(pages)
    held_out = len(pages) // 6  # pages for the calibration
    clips = read_clips(train)
    heard = collect_heard_names(clips)
    for turn in range(2):  # the episode context depends on the scores of the turn before
        seeds = (2 * turn, 2 * turn + 1)
        rows = [row for seed in seeds for row in talk_examples("train", talk[seed % 2 :: 2], seed)]
        talk_rows = len(rows)
        rows += real_page_examples(pages[held_out:], turn)
        rows += substituted_page_examples(pages[held_out:], heard, seeds[0])
        rows += substituted_page_examples(pages[held_out:], [*heard, *invent_homophones(len(heard), turn)], seeds[1])
        rows += [row for seed in seeds for row in clip_examples(clips, talk, seed)]
        x, y, weight = to_arrays(rows)
        models = []
        for much in TALK_FACTORS:
            counts = weight * np.where(np.arange(len(y)) < talk_rows, much, 1.0)
            models += [tree_training.grow_trees(x, y, counts, options) for options in tree_training.ENSEMBLE]
        save_trees(tree_training.average_trees(models))
        print(f"{len(y)} candidates, {int(y.sum())} right", file=sys.stderr)
    clips = read_clips(tune)
    rows = (
        real_page_examples(pages[:held_out], 9)
        + substituted_page_examples(pages[:held_out], collect_heard_names(clips), 9)
        + clip_examples(clips, talk, 9)
    )
    x, y, _ = to_arrays([row for row in rows if row.is_best])
    calibrated = [
        tree_training.calibrate_trees(model, *fit_platt(parse_trees(model, FEATURES).log_odds(x), y))
        for model in models
    ]
    save_trees(tree_training.average_trees(calibrated))


if __name__ == "__main__":
    main()
