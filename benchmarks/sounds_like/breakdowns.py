"""Other views of the same set and hits: what was misspelt, what is found by default, by recogniser and by engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from benchmarks.harness import show
from benchmarks.sounds_like import matchers
from benchmarks.sounds_like.accuracy import Found, find, full, misspelt, misspelt_surname, named
from benchmarks.sounds_like.alignment import distance
from benchmarks.sounds_like.dataset import Episode, Line, Mention
from benchmarks.sounds_like.names import Subject, fold
from benchmarks.sounds_like.scoring import Counts


def describe(split: str, lines: Sequence[Line]) -> None:
    """What the split holds, and how much of it the recognisers misspelt."""
    known, rows = named(lines), []
    for recogniser in sorted({line.recogniser for line in lines}):
        mentions = [(line, m) for line in lines if line.recogniser == recogniser for m in line.mentions]
        for title, form, kind in [
            ("full names of persons", "full", "person"),
            ("bare surnames", "surname", "person"),
            ("companies", "full", "company"),
            ("places", "full", "place"),
        ]:
            mine = [m for line, m in mentions if m.form == form and line.type == kind]
            wrong, lost = sum(not m.exact for m in mine), sum(beyond(m, known[m.name]) for m in mine)
            rows.append((recogniser, title, len(mine), share(wrong, len(mine)), share(lost, len(mine))))
    names = Counter(subject.type for subject in known.values())
    languages = {line.language for line in lines}
    said = ", ".join(f"{number} {kind}" for kind, number in sorted(names.items()))
    show(f"{split}: {sum(names.values())} names ({said}) of {len(languages)} languages, {len(lines)} passages",
         ("recogniser", "mentions of", "number", "misspelt", "half of the letters wrong"), rows)  # fmt: skip


def beyond(mention: Mention, subject: Subject) -> bool:
    """Whether half of the letters or more came out wrong: few of these can be told from the text alone."""
    said = fold(subject.name if mention.form == "full" else subject.surname).replace(" ", "")
    return 2 * distance(said, fold(mention.heard).replace(" ", "")) >= len(said)


def by_default(lines: Sequence[Line], episodes: Sequence[Episode], said: bool) -> None:
    """What a user gets who sets nothing, by recogniser and kind of mention."""
    found = find(partial(matchers.ear, said=said), lines, episodes)
    kinds: list[tuple[str, Counts]] = [
        ("full names", full),
        ("misspelt full names", lambda m: full(m) and not m.exact),
        ("misspelt bare surnames, full name said before", lambda m: misspelt_surname(m) and m.introduced),
        ("misspelt bare surnames, no full name", lambda m: misspelt_surname(m) and not m.introduced),
        ("all misspelt", misspelt),
    ]
    rows = []
    for title, counts in kinds:
        cells: list[str] = []
        for recogniser in sorted({episode.recogniser for episode in episodes}):
            result = found.judged(episodes, _heard_by(recogniser, episodes, counts))
            cells.append(f"{result.recall(0):.3f} of {len(result.found)}")
        # A wrong hit is of no kind, so only all kinds together have a precision.
        rows.append((title, *cells, f"{found.judged(episodes, counts).precision(0):.3f}" if counts is misspelt else ""))
    show("podwatch at its default threshold: recall by recogniser, precision",
         ("mentions", *sorted({episode.recogniser for episode in episodes}), "precision"), rows)  # fmt: skip

    known = named(lines)
    told = found.judged(episodes, lambda m: full(m) and not beyond(m, known[m.name]))
    bare = found.judged(episodes, lambda m: misspelt_surname(m) and not beyond(m, known[m.name]))
    got, number = found.introduced(episodes, full)
    near, near_number = found.introduced(episodes, lambda m: not beyond(m, known[m.name]))
    show("By what can be told from the text, and by passages that introduce a name",
         ("what", "found", "of"),
         [("full names, less than half of the letters wrong", f"{told.recall(0):.3f}", len(told.found)),
          ("misspelt bare surnames, less than half wrong", f"{bare.recall(0):.3f}", len(bare.found)),
          ("passages with a full name: found anywhere in them", share(got, number), number),
          ("the same, less than half of its letters wrong", share(near, near_number), near_number)])  # fmt: skip
    by_voice(found, lines, episodes)


def by_voice(found: Found, lines: Sequence[Line], episodes: Sequence[Episode]) -> None:
    """The same by engine: how much a clear voice is worth."""
    known, rows = named(lines), []
    for engine in sorted({m.engine for line in lines for m in line.mentions}):
        mine = partial(_said_by, engine)
        surnames = [m for line in lines for m in line.mentions if misspelt_surname(m) and mine(m)]
        names = found.judged(episodes, partial(_both, full, mine)).recall(0)
        bare = found.judged(episodes, partial(_both, misspelt_surname, mine)).recall(0)
        lost = share(sum(beyond(m, known[m.name]) for m in surnames), len(surnames))
        rows.append((engine, f"{names:.3f}", f"{bare:.3f}", len(surnames), lost))
    show("The same by the engine that spoke: recall", ("engine", "full names", "misspelt bare surnames", "of",
         "half of their letters wrong"), rows)  # fmt: skip


def _both(counts: Counts, mine: Counts, mention: Mention) -> bool:
    return counts(mention) and mine(mention)


def _said_by(engine: str, mention: Mention) -> bool:
    return mention.engine == engine


def _heard_by(recogniser: str, episodes: Sequence[Episode], counts: Counts) -> Counts:
    mine = {id(m) for episode in episodes if episode.recogniser == recogniser for m in episode.mentions}

    def counted(mention: Mention) -> bool:
        return id(mention) in mine and counts(mention)

    return counted


def misses(found: Found, episodes: Sequence[Episode]) -> None:
    for names, hits in zip(found.watched, found.hits, strict=True):
        for episode, heard in zip(episodes, hits, strict=True):
            for m in episode.mentions:
                on = [h.score for h in heard if h.name == m.name and h.start < m.end and m.start < h.end]
                if m.name in names and not m.exact and max(on, default=0) < 0.5:
                    context = episode.text[max(0, m.start - 30) : m.end + 20].replace("\n", " ")
                    print(f"{max(on, default=0):.2f}\t{fold(m.name)}\t{m.heard}\t{context}")


def share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"
