"""Prints the figures of the second hearing, and what it costs, as Markdown tables."""

from __future__ import annotations

import resource
import statistics
from collections.abc import Callable, Mapping, Sequence

from benchmarks.harness import print_table
from benchmarks.listen.hearing_figures import (
    FALSE_IN_100_HOURS,
    PRECISION,
    Exposure,
    Finds,
    Interval,
    Mention,
    find_mentions,
    find_spelt_right,
    gather_finds,
    list_ways,
    recall_at_false,
    recall_at_precision,
    resample,
)
from benchmarks.listen.hearing_rows import Row
from benchmarks.listen.hearing_scores import WRONG_PASS, Scored, bootstrap, is_wide, share_passed
from benchmarks.listen.hotwords import Written
from podwatch.query.second_hearing import SURE

KINDS = {"other names": "name", "plain words": "plain", "names one sound apart": "twin"}
FORMS = {"full": "full", "bare": "surname"}
Keep = Callable[[Row], bool]


def put_interval(v: Interval) -> str:
    return "-" if v[0] != v[0] else f"{v[0]:.2f} ({v[1]:.2f}-{v[2]:.2f})"


def print_told_apart(scored: Scored) -> None:
    """Of the doubtful places the right ones where WRONG_PASS of the wrong ones pass, by the text and by the audio."""
    doubts = [(r, s) for r, s in scored if r.likelihoods and not is_wide(r) and r.score < SURE]
    rights = [(r, s) for r, s in doubts if r.source == "text" and r.kind == "right"]
    conditions = sorted({r.condition for r, _ in rights})
    lines = []
    for kind, wrong_kind in KINDS.items():
        wrongs = [(r, s) for r, s in doubts if r.kind == wrong_kind]
        parts: list[tuple[str, Keep, Keep]] = [("all", lambda r: True, lambda r: True)]
        parts += [(title, lambda r, f=form: r.form == f, lambda r: True) for title, form in FORMS.items()]  # type: ignore[misc]
        parts += [(c, lambda r, c=c: r.condition == c, lambda r, c=c: r.condition == c) for c in conditions]  # type: ignore[misc]
        for title, is_mine, is_against in parts:
            right = [(r, s) for r, s in rights if is_mine(r)]
            wrong = [(r, s) for r, s in wrongs if is_against(r)]
            figures = [
                put_interval(bootstrap([*right, *wrong], lambda some, w=way: passed(some, w)))  # type: ignore[misc]
                for way in ("text", "ratio", "both")
            ]
            lines.append([kind, title, str(len(right)), str(len(wrong)), *figures])
    head = ["wrong ones", "right ones", "right", "wrong", "text alone", "and plain ratio", "text and audio"]
    print_table(f"Doubtful places: right ones let through where {WRONG_PASS:.0%} of the wrong ones pass", head, lines)


def passed(some: Scored, way: str) -> float:
    return share_passed([(getattr(s, way), r.kind == "right") for r, s in some])


def print_misspelt(
    rows: Sequence[Row], scored: Scored, exposure: Exposure, hotwords: Written | None
) -> tuple[float, float]:
    """Misspelt names found, by each way; and names that are misspelt or not. Returns what of the misspelt ones all ways
    together find at PRECISION, bare and in full."""
    mentions = find_mentions(rows)
    spelt = find_spelt_right(rows)
    misspelt = {m: r for m, r in mentions.items() if m not in spelt}
    lines = []
    for title, told in list_ways(scored).items():
        by_sound = [(r, odds) for r, odds in told if r.match in ("sounds_like", "none")]
        bare, full = (gather_finds(misspelt, form, by_sound) for form in ("surname", "full"))
        figures = [at_precision(bare), at_false(bare, exposure), at_precision(full), at_false(full, exposure)]
        all_ways = figures[0][0], figures[2][0]
        lines.append([title, *map(put_interval, figures)])
    if hotwords is not None:
        lines.append(["the names as hotwords", *_put_hotwords(misspelt, hotwords)])
    counts = {title: sum(r.form == form for r in misspelt.values()) for title, form in FORMS.items()}
    at = (f"precision {PRECISION}", f"{FALSE_IN_100_HOURS} false in 100 hours and name")
    head = ["", *(f"{title}, {how}" for title in ("bare", "full") for how in at)]
    print_table(f"Misspelt names found: {counts['bare']} bare, {counts['full']} in full", head, lines)
    print(
        f"\nFalse ones are those of {exposure.hours:.2f} hours of talk and {exposure.names:,.0f} names that nobody says"
        f" there, {exposure.name_hours:,.0f} hours and names: {FALSE_IN_100_HOURS} in 100 are {exposure.allowed} of it."
    )
    lines = []
    for title, told in list_ways(scored).items():
        full, bare = (gather_finds(mentions, form, told) for form in ("full", "surname"))
        lines.append([title, put_interval(at_precision(full)), put_interval(at_precision(bare))])
    counts = {title: sum(r.form == form for r in mentions.values()) for title, form in FORMS.items()}
    title = f"Names found, misspelt or not, at precision {PRECISION}: {counts['full']} in full, {counts['bare']} bare"
    print_table(title, ["", "full", "bare"], lines)
    return all_ways


def at_precision(finds: Mapping[str, Finds]) -> Interval:
    return resample(finds, lambda f: recall_at_precision(f.right_odds, f.wrong_odds))


def at_false(finds: Mapping[str, Finds], exposure: Exposure) -> Interval:
    return resample(finds, lambda f: recall_at_false(f.right_odds, f.unsaid_odds, exposure.allowed))


def _put_hotwords(misspelt: Mapping[Mention, Row], hotwords: Written) -> list[str]:
    """They have no threshold: the share found, with the precision and the false ones that it has."""
    cells = []
    for form in ("surname", "full"):
        mine = [m for m, r in misspelt.items() if r.form == form]
        found = sum(m in hotwords.found for m in mine)
        wrong = sum(f == form for _, _, f in hotwords.wrong)
        cells.append(f"{found / max(1, len(mine)):.2f} at precision {found / max(1, found + wrong):.2f}")
        cells.append(f"at {wrong / hotwords.tried * 100:.0f} false")
    return cells


def print_cost(rows: Sequence[Row], hours: float) -> float:
    """Prints what asking takes, and returns the CPU seconds a candidate."""
    asked = [r for r in rows if r.likelihoods]
    cpu = statistics.fmean(r.cpu for r in asked)
    doubts = {(r.file, r.at, r.seconds) for r in asked if r.source == "text"}
    wide = {(r.file, r.at, r.seconds) for r in asked if r.source == "wide"} | doubts
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = [
        ["seconds of audio a place", f"{statistics.fmean(r.seconds for r in asked):.1f}"],
        ["seconds in an hour of the set, where every fifth has a name", f"{_seconds(doubts) / hours:,.0f}"],
        ["with the wider net", f"{_seconds(wide) / hours:,.0f}"],
        ["CPU seconds a candidate", f"{cpu:.2f}"],
        ["peak memory of this process, MB", f"{peak:,.0f}"],
    ]
    print_table(f"Cost of {len(asked)} candidates", ["", ""], lines)
    return cpu


def _seconds(windows: set[tuple[str, float, float]]) -> float:
    return sum(seconds for _, _, seconds in windows)
