"""Prints the same set and hits broken down: by recogniser, by kind of mention and by speech engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from benchmarks.harness import print_table
from benchmarks.sounds_like import matchers
from benchmarks.sounds_like.accuracy import (
    SplitHits,
    find_hits,
    is_full_name,
    is_misspelt,
    is_misspelt_surname,
    spoken_subjects,
)
from benchmarks.sounds_like.alignment import edit_distance
from benchmarks.sounds_like.dataset import Episode, HeardPassage, Mention
from benchmarks.sounds_like.names import Subject, fold_name
from benchmarks.sounds_like.scoring import MentionFilter


def print_split(split: str, passages: Sequence[HeardPassage]) -> None:
    """What the split holds, and how much of it the recognisers misspelt."""
    known, rows = spoken_subjects(passages), []
    for recogniser in sorted({passage.recogniser for passage in passages}):
        mentions = [(passage, m) for passage in passages if passage.recogniser == recogniser for m in passage.mentions]
        for title, form, kind in [
            ("full names of persons", "full", "person"),
            ("bare surnames", "surname", "person"),
            ("companies", "full", "company"),
            ("places", "full", "place"),
        ]:
            mine = [m for passage, m in mentions if m.form == form and passage.type == kind]
            wrong, lost = sum(not m.exact for m in mine), sum(is_half_wrong(m, known[m.name]) for m in mine)
            rows.append((recogniser, title, len(mine), percentage(wrong, len(mine)), percentage(lost, len(mine))))
    names = Counter(subject.type for subject in known.values())
    languages = {passage.language for passage in passages}
    types = ", ".join(f"{number} {kind}" for kind, number in sorted(names.items()))
    title = f"{split}: {sum(names.values())} names ({types}) of {len(languages)} languages, {len(passages)} passages"
    print_table(title,
         ("recogniser", "mentions of", "number", "misspelt", "half of the letters wrong"), rows)  # fmt: skip


def is_half_wrong(mention: Mention, subject: Subject) -> bool:
    """Whether half of the letters or more are wrong: few such mentions can be recognised from the text alone."""
    said = fold_name(subject.name if mention.form == "full" else subject.surname).replace(" ", "")
    return 2 * edit_distance(said, fold_name(mention.heard).replace(" ", "")) >= len(said)


def print_default_recall(passages: Sequence[HeardPassage], episodes: Sequence[Episode], said: bool) -> None:
    """Prints recall at the default threshold, by recogniser and kind of mention."""
    found = find_hits(partial(matchers.podwatch_matcher, said=said), passages, episodes)
    kinds: list[tuple[str, MentionFilter]] = [
        ("full names", is_full_name),
        ("misspelt full names", lambda m: is_full_name(m) and not m.exact),
        ("misspelt bare surnames, full name said before", lambda m: is_misspelt_surname(m) and m.introduced),
        ("misspelt bare surnames, no full name", lambda m: is_misspelt_surname(m) and not m.introduced),
        ("all misspelt", is_misspelt),
    ]
    rows = []
    for title, counts in kinds:
        cells: list[str] = []
        for recogniser in sorted({episode.recogniser for episode in episodes}):
            result = found.judge(episodes, _only_recogniser(recogniser, episodes, counts))
            cells.append(f"{result.recall(0):.3f} of {len(result.mention_scores)}")
        # A wrong hit belongs to no kind of mention, so only all kinds together have a precision.
        rows.append(
            (title, *cells, f"{found.judge(episodes, counts).precision(0):.3f}" if counts is is_misspelt else "")
        )
    print_table("podwatch at its default threshold: recall by recogniser, precision",
         ("mentions", *sorted({episode.recogniser for episode in episodes}), "precision"), rows)  # fmt: skip

    known = spoken_subjects(passages)
    full = found.judge(episodes, lambda m: is_full_name(m) and not is_half_wrong(m, known[m.name]))
    bare = found.judge(episodes, lambda m: is_misspelt_surname(m) and not is_half_wrong(m, known[m.name]))
    got, number = found.count_introduced(episodes, is_full_name)
    near, near_number = found.count_introduced(episodes, lambda m: not is_half_wrong(m, known[m.name]))
    print_table("By what can be recognised from the text, and by passages that introduce a name",
         ("what", "found", "of"),
         [("full names, less than half of the letters wrong", f"{full.recall(0):.3f}", len(full.mention_scores)),
          ("misspelt bare surnames, less than half wrong", f"{bare.recall(0):.3f}", len(bare.mention_scores)),
          ("passages with a full name: found anywhere in them", percentage(got, number), number),
          ("the same, less than half of its letters wrong", percentage(near, near_number), near_number)])  # fmt: skip
    print_by_engine(found, passages, episodes)


def print_by_engine(found: SplitHits, passages: Sequence[HeardPassage], episodes: Sequence[Episode]) -> None:
    """Prints the same by speech engine: what a clear voice is worth."""
    known, rows = spoken_subjects(passages), []
    for engine in sorted({m.engine for passage in passages for m in passage.mentions}):
        mine = partial(_said_by, engine)
        surnames = [m for passage in passages for m in passage.mentions if is_misspelt_surname(m) and mine(m)]
        names = found.judge(episodes, partial(_both, is_full_name, mine)).recall(0)
        bare = found.judge(episodes, partial(_both, is_misspelt_surname, mine)).recall(0)
        lost = percentage(sum(is_half_wrong(m, known[m.name]) for m in surnames), len(surnames))
        rows.append((engine, f"{names:.3f}", f"{bare:.3f}", len(surnames), lost))
    print_table("The same by the engine that spoke: recall", ("engine", "full names", "misspelt bare surnames", "of",
         "half of their letters wrong"), rows)  # fmt: skip


def _both(counts: MentionFilter, mine: MentionFilter, mention: Mention) -> bool:
    return counts(mention) and mine(mention)


def _said_by(engine: str, mention: Mention) -> bool:
    return mention.engine == engine


def _only_recogniser(recogniser: str, episodes: Sequence[Episode], counts: MentionFilter) -> MentionFilter:
    mine = {id(m) for episode in episodes if episode.recogniser == recogniser for m in episode.mentions}

    def counted(mention: Mention) -> bool:
        return id(mention) in mine and counts(mention)

    return counted


def print_misses(found: SplitHits, episodes: Sequence[Episode]) -> None:
    for names, hits in zip(found.watched, found.hits, strict=True):
        for episode, heard in zip(episodes, hits, strict=True):
            for m in episode.mentions:
                on = [h.score for h in heard if h.name == m.name and h.start < m.end and m.start < h.end]
                if m.name in names and not m.exact and max(on, default=0) < 0.5:
                    context = episode.text[max(0, m.start - 30) : m.end + 20].replace("\n", " ")
                    print(f"{max(on, default=0):.2f}\t{fold_name(m.name)}\t{m.heard}\t{context}")


def percentage(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"
