"""Which labelled spans of a transcript are merged into one entity: a case a line, and what holds for any text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.entities.merge import merge_spans
from podwatch.entities.name_keys import fold_word
from podwatch.entities.recognition import LabelledSpan
from podwatch.model import Entity, EntityType, KnownName
from tests.support.marked_text import parse_marked

P, G, L = EntityType.PERSON, EntityType.ORGANISATION, EntityType.PLACE
JOE = KnownName(name="Joe Biden", type=P, aliases=("President Biden",))
KEITH = KnownName(name="Keith Kellogg", type=P, aliases=("the envoy",))

# name of the case: (text, what the watchlist knows, the entities as (name, type, forms in any order))
CASES: dict[str, tuple[str, tuple[KnownName, ...], list[tuple[str, EntityType, set[str]]]]] = {
    "three forms of one man": (
        "{PERSON:Keith Kellogg} is back. {ORG:Kellogg} spoke, and General {PERSON:Kellogg} left.",
        (),
        [("Keith Kellogg", P, {"Keith Kellogg", "Kellogg", "General Kellogg"})],
    ),
    "a title inside the span": (
        "{PERSON:General Kellogg} and {ORG:Kellogg}.",
        (),
        [("Kellogg", P, {"General Kellogg", "Kellogg"})],
    ),
    "titles before titles": (
        "Former Vice President {PERSON:Joe Biden} and President {ORG:Biden}.",
        (),
        [("Joe Biden", P, {"Former Vice President Joe Biden", "President Biden"})],
    ),
    "a full stop after a title": (
        "{PERSON:Jane Smith} is in. Dr. {PERSON:Smith} sat.",
        (),
        [("Jane Smith", P, {"Jane Smith", "Dr. Smith"})],
    ),
    "a title of the surname makes the full name a person": (
        "{ORG:Anatoly Dobrynin}. Ambassador {PERSON:Dobrynin}.",
        (),
        [("Anatoly Dobrynin", P, {"Anatoly Dobrynin", "Ambassador Dobrynin"})],
    ),
    "a bank is not the economist of its name": (
        "{ORG:Goldman Sachs} and {PERSON:Sachs}.",
        (),
        [("Goldman Sachs", G, {"Goldman Sachs"}), ("Sachs", P, {"Sachs"})],
    ),
    "no title in small letters": ("In general {PERSON:Kellogg} agrees.", (), [("Kellogg", P, {"Kellogg"})]),
    "a sentence that ends in a title is none": (
        "He is a General. {PERSON:Kellogg} knows.",
        (),
        [("Kellogg", P, {"Kellogg"})],
    ),
    "a company that begins like a title": (
        "{ORG:General Motors} and {PERSON:Mary Barra}.",
        (),
        [("General Motors", G, {"General Motors"}), ("Mary Barra", P, {"Mary Barra"})],
    ),
    "a department that begins like a title": (
        "The {ORG:Justice Department} said so.",
        (),
        [("Justice Department", G, {"Justice Department"})],
    ),
    "possessives": (
        "{PERSON:Kellogg's} plan and {PERSON:Kellogg’s} men, {PERSON:Kellogg}.",
        (),
        [("Kellogg", P, {"Kellogg"})],
    ),
    "a possessive after an s": ("{PERSON:Jones'} plan and {PERSON:Jones}.", (), [("Jones", P, {"Jones"})]),
    "the article": (
        "{ORG:the White House} and {ORG:White House} and {ORG:The White House}.",
        (),
        [("White House", G, {"White House"})],
    ),
    "a in small letters is no part of a name": (
        "{PRODUCT:a Raspberry Pi} and {PRODUCT:Raspberry Pi}.",
        (),
        [("Raspberry Pi", EntityType.PRODUCT, {"Raspberry Pi"})],
    ),
    "casing": ("{ORG:MAGA} or {ORG:Maga}, {ORG:MAGA}.", (), [("MAGA", G, {"MAGA", "Maga"})]),
    "accents": (
        "{PERSON:Daniel Martí} or {PERSON:Daniel Marti}, {PERSON:Daniel Martí}.",
        (),
        [("Daniel Martí", P, {"Daniel Martí", "Daniel Marti"})],
    ),
    "hyphens": (
        "{PERSON:Wit-Goff} or {PERSON:Wit Goff}, {PERSON:Wit-Goff}.",
        (),
        [("Wit-Goff", P, {"Wit-Goff", "Wit Goff"})],
    ),
    "what companies put behind": (
        "{ORG:Microsoft Corporation} is {ORG:Microsoft}.",
        (),
        [("Microsoft", G, {"Microsoft Corporation", "Microsoft"})],
    ),
    "a surname of several words": (
        "{PERSON:Ursula von der Leyen} and {PERSON:von der Leyen}.",
        (),
        [("Ursula von der Leyen", P, {"Ursula von der Leyen", "von der Leyen"})],
    ),
    "two of one surname, and nobody knows which": (
        "{PERSON:Robert Kennedy} and {PERSON:John Kennedy}. {PERSON:Kennedy} spoke.",
        (),
        [("John Kennedy", P, {"John Kennedy"}), ("Kennedy", P, {"Kennedy"}), ("Robert Kennedy", P, {"Robert Kennedy"})],
    ),
    "father and son": (
        "{PERSON:Robert Kennedy} and {PERSON:Robert Kennedy Jr.} met.",
        (),
        [("Robert Kennedy", P, {"Robert Kennedy"}), ("Robert Kennedy Jr.", P, {"Robert Kennedy Jr."})],
    ),
    "the surname of a junior": (
        "{PERSON:Sammy Davis Jr.} sang. {PERSON:Davis} left.",
        (),
        [("Sammy Davis Jr.", P, {"Sammy Davis Jr.", "Davis"})],
    ),
    "middle names and initials": (
        "{PERSON:John Kennedy}, {PERSON:John F. Kennedy}, {PERSON:John Fitzgerald Kennedy}, {PERSON:John Kennedy}.",
        (),
        [("John Kennedy", P, {"John Kennedy", "John F. Kennedy", "John Fitzgerald Kennedy"})],
    ),
    "other middle initials": (
        "{PERSON:George H. Bush} and {PERSON:George W. Bush}.",
        (),
        [("George H. Bush", P, {"George H. Bush"}), ("George W. Bush", P, {"George W. Bush"})],
    ),
    "given names are not merged": (
        "{PERSON:Alexander}, welcome. {PERSON:Alexander Hamilton} was shot.",
        (),
        [("Alexander", P, {"Alexander"}), ("Alexander Hamilton", P, {"Alexander Hamilton"})],
    ),
    "a place is not the actor of its name": (
        "{GPE:Washington}, {GPE:Washington}, {GPE:Washington}. {PERSON:Denzel Washington} acts.",
        (),
        [("Denzel Washington", P, {"Denzel Washington"}), ("Washington", L, {"Washington"})],
    ),
    "a company is not the actor of its name": (
        "{ORG:Ford}, {ORG:Ford}, {ORG:Ford}. {PERSON:Harrison Ford} acts.",
        (),
        [("Ford", G, {"Ford"}), ("Harrison Ford", P, {"Harrison Ford"})],
    ),
    "two surnames without their comma": (
        "{PERSON:Waltz} {PERSON:Waltz} {PERSON:Waltz} {PERSON:Waltz Kellogg} {PERSON:Kellogg} {PERSON:Kellogg} {PERSON:Kellogg}",
        (),
        [("Kellogg", P, {"Kellogg"}), ("Waltz", P, {"Waltz"}), ("Waltz Kellogg", P, {"Waltz Kellogg"})],
    ),
    "an ordinary word before a name": (
        "{PERSON:Versus Python} it was, python versus ruby. {PERSON:Python}!",
        (),
        [("Python", P, {"Python"}), ("Versus Python", P, {"Versus Python"})],
    ),
    "an acronym": ("{ORG:the European Union}, or {ORG:EU}.", (), [("European Union", G, {"European Union", "EU"})]),
    "an acronym with stops": (
        "{GPE:the United States}, {GPE:U.S.}, {GPE:US}.",
        (),
        [("United States", L, {"United States", "U.S.", "US"})],
    ),
    "an acronym without small words": (
        "{ORG:Federal Bureau of Investigation}: {ORG:FBI}.",
        (),
        [("Federal Bureau of Investigation", G, {"Federal Bureau of Investigation", "FBI"})],
    ),
    "an acronym of two names": (
        "{ORG:Bank of America}, {ORG:Bar Association}, {ORG:BA}.",
        (),
        [("BA", G, {"BA"}), ("Bank of America", G, {"Bank of America"}), ("Bar Association", G, {"Bar Association"})],
    ),
    "an acronym inside a name is not spelt out": (
        "{ORG:VS Code} and {ORG:VC}.",
        (),
        [("VC", G, {"VC"}), ("VS Code", G, {"VS Code"})],
    ),
    "numbers, dates and sums name nobody": (
        "{CARDINAL:Three} men on {DATE:Monday} with {MONEY:$5}, {ORDINAL:First}.",
        (),
        [],
    ),
    "what has no capital letter names nobody": ("{PERSON:washy} and {ORG:30}.", (), []),
    "a speaker's label between two names": (
        "{PERSON:Mat Ryer:** Dan} said.",
        (),
        [("Dan", P, {"Dan"}), ("Mat Ryer", P, {"Mat Ryer"})],
    ),
    "the watchlist gives the type": (
        "{ORG:Keith Kellogg} {ORG:Kellogg} {ORG:Kellogg}",
        (KEITH,),
        [("Keith Kellogg", P, {"Keith Kellogg", "Kellogg"})],
    ),
    "the watchlist gives the name of an alias": ("{ORG:The Envoy} spoke.", (KEITH,), [("Keith Kellogg", P, {"Envoy"})]),
    "the watchlist knows whose surname it is, when it may be a person": (
        "{ORG:Kellogg} {ORG:Kellogg} {PERSON:Kellogg}",
        (KEITH,),
        [("Keith Kellogg", P, {"Kellogg"})],
    ),
    "an alias with a title is no other of the surname": (
        "{PERSON:Joe Biden}, {PERSON:Hunter Biden}, Mrs. {PERSON:Biden}, {PERSON:Biden}, President {PERSON:Biden}.",
        (JOE,),
        [
            ("Biden", P, {"Biden"}),
            ("Hunter Biden", P, {"Hunter Biden"}),
            ("Joe Biden", P, {"Joe Biden", "President Biden"}),
            ("Mrs. Biden", P, {"Mrs. Biden"}),
        ],
    ),
    "a surname alone is that of the only one in full, titles or not": (
        "{PERSON:Joe Biden}, Dr. {PERSON:Biden}, {PERSON:Biden}, Mr. {PERSON:Biden}, former President {PERSON:Biden}.",
        (JOE,),
        [("Dr. Biden", P, {"Dr. Biden"}), ("Joe Biden", P, {"Joe Biden", "Biden", "Mr. Biden", "President Biden"})],
    ),
    "a title before a whole name": (
        "President {PERSON:Joe Biden}. {PERSON:Biden} spoke.",
        (JOE,),
        [("Joe Biden", P, {"President Joe Biden", "Biden"})],
    ),
    "but cereals stay cereals": ("{ORG:Kellogg} {ORG:Kellogg} {ORG:Kellogg}", (KEITH,), [("Kellogg", G, {"Kellogg"})]),
    "an alias that two watches claim": (
        "{PERSON:Kellogg} came.",
        (
            KnownName(name="Keith Kellogg", aliases=("Kellogg",)),
            KnownName(name="Will Keith Kellogg", aliases=("Kellogg",)),
        ),
        [("Kellogg", P, {"Kellogg"})],
    ),
    "a name that is another's alias": (
        "{ORG:Kellogg} came.",
        (KnownName(name="Keith Kellogg", type=P, aliases=("Kellogg",)), KnownName(name="Kellogg", type=G)),
        [("Kellogg", G, {"Kellogg"})],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_forms_of_a_name_are_merged(case: str) -> None:
    text, known, expected = CASES[case]
    found = merge_spans(*parse_marked(text), known)
    assert sorted((e.name, e.type, {f.text for f in e.forms}) for e in found) == expected


def test_counts_spans_and_votes_are_of_all_forms() -> None:
    text, spans = parse_marked("{PERSON:Keith Kellogg} spoke. {ORG:Kellogg's} plan, President {ORG:Trump}.")
    kellogg, trump = merge_spans(text, spans)
    assert [text[a:b] for a, b in kellogg.spans] == ["Keith Kellogg", "Kellogg"]
    assert (kellogg.count, kellogg.key, dict(kellogg.votes)) == (2, "keith kellogg", {P: 1, G: 1})
    assert [text[a:b] for a, b in trump.spans] == ["President Trump"]
    assert trump.type is P, "a title says more than a label"


@pytest.mark.parametrize(
    ("person", "organisation", "expected"), [(8, 13, P), (9, 12, P), (1, 9, G), (0, 1, G), (1, 0, P), (1, 1, P)]
)
def test_a_label_is_a_vote_weighed_by_the_error_rates_of_the_model(
    person: int, organisation: int, expected: EntityType
) -> None:
    text, spans = parse_marked("{PERSON:Trump} " * person + "{ORG:Trump} " * organisation)
    [found] = merge_spans(text, spans)
    assert found.type is expected


WORDS = st.sampled_from(
    [
        "Keith",
        "Kellogg",
        "General",
        "the",
        "Dr.",
        "EU",
        "European",
        "Union",
        "Jr.",
        "it's",
        "’",
        "é",
        "A.",
        "x:",
        "of",
        "\u0130",
        "Kellogg's",
        "US",
    ]
)
LABELS = st.sampled_from(["PERSON", "ORG", "GPE", "DATE", "NORP"])


@given(st.lists(st.tuples(WORDS, st.booleans(), LABELS), max_size=40))
def test_every_span_of_an_entity_is_one_that_was_recognised(said: list[tuple[str, bool, str]]) -> None:
    text, spans, at = " ".join(w for w, _, _ in said), [], 0
    for word, named, label in said:
        if named:
            spans.append(LabelledSpan(at, at + len(word), label))
        at += len(word) + 1
    found = merge_spans(text, spans, [KEITH])
    every = sorted(span for e in found for span in e.spans)
    assert all(a < b for a, b in every)
    assert all(b <= c for (_, b), (c, _) in pairwise(every)), "no two overlap"
    for e in found:
        assert sum(f.count for f in e.forms) == e.count == sum(n for _, n in e.votes)
        assert {text[a:b] for a, b in e.spans} == {f.text for f in e.forms}
        assert all(
            any(a <= s.start and s.start < b for s in spans) or any(a < s.end <= b for s in spans) for a, b in e.spans
        )


@given(st.lists(st.tuples(WORDS, LABELS), min_size=1, max_size=30), st.randoms())
def test_merging_is_deterministic_and_keys_are_unique(said: list[tuple[str, str]], chance: object) -> None:
    marks = " ".join(f"{{{label}:{word}}}" for word, label in said)
    first: tuple[Entity, ...] = merge_spans(*parse_marked(marks))
    assert merge_spans(*parse_marked(marks)) == first
    assert len({e.key for e in first}) == len(first)


def test_twenty_thousand_names_are_merged() -> None:
    marks = " ".join(f"{{PERSON:Aa{i % 997} Bb{i % 1009}}} {{ORG:B{i % 991}}}" for i in range(10_000))
    assert sum(e.count for e in merge_spans(*parse_marked(marks))) == 20_000


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("Élysée", "elysee", True), ("ﬁn", "FIN", True), ("バリ", "パリ", False), ("दल", "दिल", False), ("й", "и", False)],
)
def test_names_are_compared_without_accents_where_marks_are_accents(one: str, other: str, same: bool) -> None:
    assert (fold_word(one) == fold_word(other)) is same
