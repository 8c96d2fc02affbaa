"""What a watchlist learns from answers: which spellings are proposed, and how they are written into the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from podwatch import query
from podwatch.errors import WatchlistError
from podwatch.model import Change, Proposal, Segment, StandingVerdict, Verdict, Watch, join_segments
from podwatch.watchlist.edits import apply_proposals, edit_text
from podwatch.watchlist.loader import parse_watchlist
from podwatch.watchlist.proposals import propose_changes

SEEDS = Path(__file__).parents[2] / "seeds/watchlist.yaml"
WITKOFF = Watch(name="witkoff", entity="Steve Witkoff", aliases=("Witkoff", "Woodcock"), exclude=("Whitcomb",))
R, W = Verdict.RELEVANT, Verdict.WRONG


def said(verdict: Verdict, *spellings: str, kind: str = "sounds_like", watch: str = "witkoff") -> StandingVerdict:
    return StandingVerdict(watch, verdict, tuple((s, kind) for s in spellings))


# name: (the answers, what is proposed: change, spelling, relevant, wrong)
LEARNT: dict[str, tuple[list[StandingVerdict], list[tuple[str, str, int, int]]]] = {
    "nobody answered": ([], []),
    "a spelling called relevant": ([said(R, "Wit Goff")], [("alias", "Wit Goff", 1, 0)]),
    "ordinary words called relevant": ([said(R, "with golf")], []),
    "ordinary words called wrong": ([said(W, "with golf")], [("exclude", "with golf", 0, 1)]),
    "in two forms": ([said(R, "Wit Goff"), said(R, "wit  goff")], [("alias", "Wit Goff", 2, 0)]),
    "twice in one alert": ([said(R, "Wit Goff", "wit goff")], [("alias", "Wit Goff", 1, 0)]),
    "a spelling called wrong": ([said(W, "Wolves")], [("exclude", "Wolves", 0, 1)]),
    "people differ": ([said(R, "Wolves"), said(W, "Wolves")], []),
    "an alias that finds another": ([said(W, "woodcock", kind="alias")], [("drop_alias", "Woodcock", 0, 1)]),
    "an alias that is right": ([said(R, "Woodcock", kind="alias")], []),
    "the name itself, wrong": ([said(W, "Steve Witkoff", kind="exact")], []),
    "a form of the name": ([said(W, "Steve Witkoff's", kind="exact")], []),
    "excluded already": ([said(W, "WHITCOMB")], []),
    "found by its sound, an alias by now": ([said(R, "Witkoff")], []),
    "another watch": ([said(R, "Wit Goff", watch="kellogg")], []),
    "the best supported first": (
        [said(R, "Whit Cough"), said(W, "Wolves"), said(W, "Wolves")],
        [("exclude", "Wolves", 0, 2), ("alias", "Whit Cough", 1, 0)],
    ),
    "all spellings of an alert": ([said(W, "Wolves", "Lady")], [("exclude", "Lady", 0, 1), ("exclude", "Wolves", 0, 1)]),
}  # fmt: skip


@pytest.mark.parametrize("case", LEARNT, ids=str)
def test_what_is_proposed(case: str) -> None:
    judged, expected = LEARNT[case]
    found = [(p.change.value, p.spelling, p.relevant, p.wrong) for p in propose_changes([WITKOFF], judged)]
    assert found == expected


def test_nothing_is_proposed_for_a_query() -> None:
    assert propose_changes([Watch(name="grain", query="grain")], [said(W, "grain", watch="grain", kind="exact")]) == []


def change(what: Change, spelling: str, watch: str = "w") -> Proposal:
    return Proposal(watch=watch, change=what, spelling=spelling, relevant=1, wrong=0)


ALIAS, EXCLUDE, DROP = Change.ALIAS, Change.EXCLUDE, Change.DROP_ALIAS
# name: (before, the change, after)
EDITS: dict[str, tuple[str, Proposal, str]] = {
    "a first alias": (
        "# head\nwatches:\n  - name: w  # why\n    entity: X Y\n    type: person\n\n  # the next\n  - {name: v, query: v}\n",
        change(ALIAS, "Ex Why"),
        "# head\nwatches:\n  - name: w  # why\n    entity: X Y\n    aliases: [Ex Why]\n    type: person\n\n  # the next\n  - {name: v, query: v}\n",
    ),
    "one more in a row": (
        "watches:\n- name: w\n  entity: X\n  aliases: [A, 'B']  # two\n  type: person\n",
        change(ALIAS, "C: d"),
        "watches:\n- name: w\n  entity: X\n  aliases: [A, 'B', 'C: d'] # two\n  type: person\n",
    ),
    "one more in a column, before what closes it": (
        "watches:\n  - name: w\n    entity: X\n    aliases:\n      - A\n      - B\n\n  # the next watch\n  - name: v\n    query: v\n",
        change(ALIAS, "C"),
        "watches:\n  - name: w\n    entity: X\n    aliases:\n      - A\n      - C\n      - B\n\n  # the next watch\n  - name: v\n    query: v\n",
    ),
    "in one line": (
        "watches: [{name: w, entity: X}, {name: v, query: v}]\n",
        change(EXCLUDE, "Why"),
        "watches: [{name: w, exclude: [Why], entity: X}, {name: v, query: v}]\n",
    ),
    "an exclusion behind the aliases": (
        "watches:\n  - name: w\n    entity: X\n    aliases: [A]\n    deliver: each   # at once\n",
        change(EXCLUDE, "Wolves"),
        "watches:\n  - name: w\n    entity: X\n    aliases: [A]\n    exclude: [Wolves]\n    deliver: each   # at once\n",
    ),
    "an alias goes": (
        "watches:\n  - name: w\n    entity: X\n    aliases: [A, B]\n    type: person\n",
        change(DROP, "a"),
        "watches:\n  - name: w\n    entity: X\n    aliases: [B]\n    type: person\n",
    ),
    "the last of a column goes, and what follows stays": (
        "watches:\n  - name: w\n    entity: X\n    aliases:\n      - A\n      - B\n\n  # the next watch\n  - name: v\n    query: v\n",
        change(DROP, "B"),
        "watches:\n  - name: w\n    entity: X\n    aliases:\n      - A\n\n  # the next watch\n  - name: v\n    query: v\n",
    ),
    "there already": ("watches:\n- {name: w, entity: X, aliases: [a]}\n", change(ALIAS, "A"), "watches:\n- {name: w, entity: X, aliases: [a]}\n"),
    "gone already": ("watches:\n- {name: w, entity: X}\n", change(DROP, "A"), "watches:\n- {name: w, entity: X}\n"),
    "a watch that is not there": ("watches:\n- {name: v, entity: X}\n", change(ALIAS, "A"), "watches:\n- {name: v, entity: X}\n"),
}  # fmt: skip


@pytest.mark.parametrize("case", EDITS, ids=str)
def test_an_edit_changes_one_thing_and_keeps_the_rest(case: str, tmp_path: Path) -> None:
    before, made, after = EDITS[case]
    file = tmp_path / "w.yaml"
    file.write_text(before)
    assert edit_text(before, [made])[0] == after
    assert bool(apply_proposals(file, [made])) == (before != after)
    assert file.read_text() == after


def test_the_sample_watchlist_keeps_every_line_of_its_authors(tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    file.write_text(SEEDS.read_text())
    made = [change(ALIAS, "the brinin", "dobrynin"), change(EXCLUDE, "Crew Chef", "khrushchev")]
    assert apply_proposals(file, made) == made
    old, new = SEEDS.read_text().splitlines(), file.read_text().splitlines()
    assert [line for line in old if line not in new] == ["    aliases: [Ambassador Dobrynin, Dobrynin]"]
    assert [line for line in new if line not in old] == [
        "    aliases: [Ambassador Dobrynin, Dobrynin, the brinin]",
        "    exclude: [Crew Chef]",
    ]
    assert apply_proposals(file, made) == []


def test_a_watchlist_with_a_mistake_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    file.write_text("watches: [{name: w, entitty: X}]")
    with pytest.raises((WatchlistError, ExceptionGroup)):
        apply_proposals(file, [change(ALIAS, "A")])
    assert file.read_text() == "watches: [{name: w, entitty: X}]"


def test_an_edit_that_would_lose_a_comment_is_refused(tmp_path: Path) -> None:
    text = "watches:\n  - name: w\n    entity: X\n    aliases:\n      - A\n\n  # the next watch\n  - name: v\n    query: v\n"
    file = tmp_path / "w.yaml"
    file.write_text(text)
    with pytest.raises(WatchlistError, match="cannot be edited without harm - make the changes by hand"):
        apply_proposals(file, [change(DROP, "A")])
    assert file.read_text() == text


def test_a_file_that_cannot_be_written_is_one_line_and_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    real.write_text("watches:\n- {name: w, entity: X}\n")
    real.chmod(0o640)
    link = tmp_path / "w.yaml"
    link.symlink_to(real)
    assert apply_proposals(link, [change(ALIAS, "A")])
    assert link.is_symlink()
    assert "A" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["real.yaml", "w.yaml"]


def found(text: str, **changes: tuple[str, ...]) -> list[str]:
    watch = Watch(name="w", entity="Witkoff", aliases=("Wolves", "Wit  Goff"), **changes)  # type: ignore[arg-type]
    return [m.surface for m in query.build_engine([watch])(join_segments([Segment(0, 1, text)])).mentions]


def test_an_excluded_spelling_is_no_mention_and_the_others_still_are() -> None:
    text = "Witkoff met the wolves, and Wolves met Wit Goff"
    assert found(text) == ["Witkoff", "wolves", "Wolves", "Wit Goff"]
    assert found(text, exclude=("WOLVES",)) == ["Witkoff", "Wit Goff"]


def test_what_is_looked_for_cannot_be_excluded() -> None:
    with pytest.raises(WatchlistError, match=r"w\.yaml:4: watch w: 'a' is both looked for and excluded - drop one"):
        parse_watchlist("watches:\n  - name: w\n    entity: A\n    exclude: [a, b]\n", "w.yaml")[0]


def test_an_exclusion_is_a_new_revision_and_none_is_not() -> None:
    watch = Watch(name="w", entity="X")
    assert Watch(name="w", entity="X", exclude=("Y",)).fingerprint != watch.fingerprint
    assert Watch(name="w", entity="X", exclude=()).fingerprint == watch.fingerprint
