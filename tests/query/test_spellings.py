"""What a term is found as: whatever its dots, blanks, apostrophes and symbols are; [Music] only when it is asked for."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from podwatch.model import Segment, Watch, join_segments
from podwatch.query import build_engine
from podwatch.query.annotations import is_annotation
from podwatch.query.check_warnings import find_hints
from podwatch.query.equivalence import equivalence_key
from podwatch.query.parser import parse
from tests.support import query_oracle
from tests.support.hypothesis_profiles import examples

# (query, text, the surfaces found)
SYMBOLS = [
    ('"Dune film"', "the Dune™ film", ["Dune™ film"]),
    ('"Apple Watch"', "The Apple® Watch, Apple ™ Watch", ["Apple® Watch", "Apple ™ Watch"]),
    ("apple NEAR/0 watch", "Apple™ Watch; an apple 🍏 watch", ["Apple™ Watch", "apple 🍏 watch"]),
    ("apple NEAR/1 watch", "apple • • ★ the watch", ["apple • • ★ the watch"]),
    ('"black sea"', "♪ black ♪ / ♪ sea ♪", ["black ♪ ♪ sea"]),
    ('"black sea"', "🌊black🌊sea", ["black🌊sea"]),
    (
        '"black sea"',
        "black 👩‍👩‍👧‍👦 sea, black ❤️ sea, black 🇺🇦 sea",
        ["black 👩‍👩‍👧‍👦 sea", "black ❤️ sea", "black 🇺🇦 sea"],
    ),
    ("dune", "_Dune_, *Dune*, __Dune__, ~Dune~", ["Dune"] * 4),
    ("snake_case", "snake_case and snake case", ["snake_case", "snake case"]),
    ('"20 C"', "20°C, 20 °C", ["20°C", "20 °C"]),
    ("♪", "la ♪ la", ["♪"]),
    ("AT&T", "AT&T®", ["AT&T"]),
]
ANNOTATIONS = [
    ('"black sea"', "black [Music] sea, black (Applause) sea", ["black [Music] sea", "black (Applause) sea"]),
    (
        "black NEAR/0 sea",
        "black [upbeat music playing] [Laughter] sea",
        ["black [upbeat music playing] [Laughter] sea"],
    ),
    ("music", "[Music] (soft music) the music", ["music"]),
    ("applause", "[APPLAUSE] (audience applause)", []),
    ("applause", "(he got applause for the plan)", ["applause"]),
    ("president", "[President] Biden (the president) spoke", ["President", "president"]),
    ('"[Music]"', "a [Music] b (music) music", ["[Music]", "(music)"]),
    ('"(upbeat music)"', "a [Upbeat Music] b [Music]", ["[Upbeat Music]"]),
    ("music", "♪ music ♪", ["music"]),
    ('"東京 北京"', "東京（笑）北京", ["東京（笑）北京"]),
    ("拍手", "【拍手】と拍手", ["拍手"]),
    ("foreign", "[foreign] (foreign) words", ["foreign"]),
    ("음악", "[음악] 음악", ["음악"]),
    ('"[Music]" NEAR/1 sea', "[Music] the sea", ["[Music] the sea"]),
    ('"black sea"', "black *sigh* sea, black {laughs} sea", ["black *sigh* sea", "black {laughs} sea"]),
    ("sigh", "*sigh* [sigh] (sighs), a sigh", ["sigh"]),
    ('"*sigh*"', "a *sigh*, then a sigh, then [sigh]", ["*sigh*", "[sigh]"]),
    ("*sigh*", "a *sigh*, two sighs", ["*sigh*", "sighs"]),
    ('"[sigh]"', "a *Sigh* b", ["*Sigh*"]),
    ("laughs", "*laughs* he laughs *laughs*", ["laughs"]),
    ("sigh", "a *big sigh of relief*", ["sigh"]),
]
ACRONYMS = [
    ('"JD Vance"', "J.D. Vance, J. D. Vance, JD Vance", ["J.D. Vance", "J. D. Vance", "JD Vance"]),
    ('"J.D. Vance"', "JD Vance, jd vance", ["JD Vance", "jd vance"]),
    ('"US Steel"', "U.S. Steel", ["U.S. Steel"]),
    ("US-China", "U.S.-China trade, US–China", ["U.S.-China", "US–China"]),
    ('"UN Security Council"', "The U.N. Security Council", ["U.N. Security Council"]),
    ("fbi", "F.B.I., FBI, f.b.i.", ["F.B.I", "FBI", "f.b.i"]),
    ("F.B.I.", "FBI, fbi", ["FBI", "fbi"]),
    ("UNESCO", "U.N.E.S.C.O. said", ["U.N.E.S.C.O"]),
    ("U.N.E.S.C.O.", "Unesco said", ["Unesco"]),
    ("u.s.", "US and U.S., not us or Us", ["US", "U.S"]),
    ("us", "U.S. US us", ["US", "us"]),
    ("=US", "U.S. US us", ["U.S", "US"]),
    ("R2-D2", "R2D2, R2 D2", ["R2D2", "R2 D2"]),
    ("H5N1", "H5-N1", ["H5-N1"]),
    ("PhD", "a Ph.D. and a PhD", ["Ph.D", "PhD"]),
    ("Ph.D.", "a PhD", ["PhD"]),
    ("usa*", "the U.S.A.", ["U.S.A"]),
    ("naacp~1", "N.A.A.C.B.", ["N.A.A.C.B"]),
    ("F-35", "F-35s, F-35, F35, F 35s", ["F-35s", "F-35", "F35", "F 35s"]),
    ("F35", "an F-35, two F 35s", ["F-35", "F 35s"]),
    ("AK-47", "AK-47s", ["AK-47s"]),
    ("737", "737s and a 737-800", ["737s", "737"]),
    ("1990", "in the 1990s", []),
    ("50", "in his 50s", []),
    ("G7", "G-7, G 7, the G7s", ["G-7", "G 7", "G7s"]),
    ("G-7", "G7", ["G7"]),
    ("5G", "5G, 5-G, 5 g of sugar", ["5G", "5-G"]),
    ("A1", "A1, A-1, a 1 in 5 chance", ["A1", "A-1"]),
    ('"Covid-19 rules"', "Covid19 rules, COVID 19 rules", ["Covid19 rules", "COVID 19 rules"]),
]
APOSTROPHES = [
    ("McDonald's", "McDonald’s, McDonald's, mcdonalds, McDonald", ["McDonald’s", "McDonald's", "mcdonalds"]),
    ("McDonalds", "McDonald’s, mcdonalds, McDonald", ["McDonald’s", "mcdonalds"]),
    ("Lowes", "Lowe’s, Lowe", ["Lowe’s"]),
    ('"Trader Joes"', "Trader Joe's", ["Trader Joe's"]),
    ("its", "it's its", ["its"]),
    ("O'Brien", "O’Brien, OBrien, O Brien", ["O’Brien", "OBrien", "O Brien"]),
    ("OBrien", "O’Brien, obrien", ["O’Brien", "obrien"]),
    ("Hawaiʻi", "Hawai'i, Hawai’i, Hawaiʼi, Hawaii", ["Hawai'i", "Hawai’i", "Hawaiʼi", "Hawaii"]),
    ("Hawaii", "Hawaiʻi, Hawai'i", ["Hawaiʻi", "Hawai'i"]),
    ("Hawaii", "hawai, i said", []),
    (
        '"Hawaii plan"',
        "Hawaii - plan, Hawaiʻi ♪ plan, Hawaii [Music] plan",
        ["Hawaii - plan", "Hawaiʻi ♪ plan", "Hawaii [Music] plan"],
    ),
    ("Oahu", "Oʻahu, O'ahu", ["Oʻahu", "O'ahu"]),
    ("Qur'an", "Qurʾan, Quran, Qur’an", ["Qurʾan", "Quran", "Qur’an"]),
    ("Ali", "ʿAli spoke", ["Ali"]),
    ("Nukualofa", "Nukuʻalofa, Nuku'alofa, NUKU’ALOFA", ["Nukuʻalofa", "Nuku'alofa", "NUKU’ALOFA"]),
    ("Nuku`alofa", "Nukualofa, Nukuʻalofa", ["Nukualofa", "Nukuʻalofa"]),
    ('"Nukualofa port"', "the Nukuʻalofa port", ["Nukuʻalofa port"]),
    ("Quran", "Qurʾān, Qur’an", ["Qurʾān", "Qur’an"]),
    ("shia", "Shi'a, Shiʿa", ["Shi'a", "Shiʿa"]),
    ("Xian", "Xi'an", ["Xi'an"]),
    ("п'ять", "п’ять пять", ["п’ять", "пять"]),
    ("obrien", "O'Brien and O’Brien’s", ["O'Brien", "O’Brien"]),
    ("Ngolo", "N'Golo", ["N'Golo"]),
    ("D'Angelo", "DAngelo, D’Angelo", ["DAngelo", "D’Angelo"]),
    ("Ukraine", "l'Ukraine, qu’Ukraine, dell'Ukraine", ["Ukraine"] * 3),
    ("dont", "don't", []),
]
LETTER_AND_WORD = [
    *(
        (
            query,
            "T-Mobile, T Mobile, TMobile, tmobile, T‑Mobile",
            ["T-Mobile", "T Mobile", "TMobile", "tmobile", "T‑Mobile"],
        )
        for query in ("T-Mobile", "TMobile", '"T Mobile"', "tmobile", "t-mobile")
    ),
    ("X-ray", "Xrays, x ray", ["Xrays", "x ray"]),
    ("xray", "X-rays", ["X-rays"]),
    ("email", "e-mails and e mail", ["e-mails", "e mail"]),
    ("kpop", "K-pop", ["K-pop"]),
    ("WiFi", "Wi-Fi, wifi, Wi Fi", ["Wi-Fi", "wifi", "Wi Fi"]),
    ("wi-fi", "WiFi", ["WiFi"]),
    ("YouTube", "You Tube, you-tube, if you tube", ["You Tube", "you-tube"]),
    ("iPhone", "i-Phone, i Phone, i phone home", ["i-Phone", "i Phone"]),
    ("OpenAI", "Open AI, an open ai", ["Open AI"]),
    ("re-sign", "resign, re-sign", ["re-sign"]),
    ("McDonald", "McDonald, mc donald", ["McDonald"]),
    ("eBay", "e-bay, e Bay", ["e-bay", "e Bay"]),
]
SIGNS = [
    ("E*TRADE", "E*TRADE, etrade", ["E*TRADE", "etrade"]),
    ('"E*TRADE"', "E*TRADE", ["E*TRADE"]),
    ("E\\*TRADE", "E*TRADE, e trade, etrade", ["E*TRADE", "e trade", "etrade"]),
    ('"O*NET"', "O*NET, o net", ["O*NET"]),
    ('"M*A*S*H"', "M*A*S*H, mash", ["M*A*S*H"]),
    ('"Who Dares? Wins"', "Who Dares? Wins. Who dares wins", ["Who Dares? Wins"]),
    ('"Who Dares\\? Wins"', "Who Dares? Wins. Who dares wins", ["Who Dares? Wins", "Who dares wins"]),
    ("wom?n", "women, wom n", ["women"]),
    ("E\\*TRA*", "E*TRADE, e-trading", ["E*TRADE", "e-trading"]),
]
DASHES = [
    ("grain –recipe", "a grain recipe", []),
    ("grain —recipe", "a grain recipe", []),
    ("grain −recipe", "only grain", ["grain"]),
    ("grain—recipe", "a grain recipe", ["grain recipe"]),
    ('"grain –recipe"', "a grain recipe", ["grain recipe"]),
    ("grain –(recipe OR bread)", "grain and bread", []),
]
ALL = [*SYMBOLS, *ANNOTATIONS, *ACRONYMS, *APOSTROPHES, *LETTER_AND_WORD, *SIGNS, *DASHES]


def find_surfaces(watch: Watch, text: str) -> list[str]:
    engine = build_engine([watch])
    assert not engine.broken
    segments = [Segment(i * 9.0, i * 9.0 + 9, part) for i, part in enumerate(text.split(" / "))]
    return [m.surface for m in engine(join_segments(segments)).mentions]


@pytest.mark.parametrize(("query", "text", "surfaces"), ALL, ids=[f"{q} in {t}"[:60] for q, t, _ in ALL])
def test_a_term_is_found_however_it_is_written(query: str, text: str, surfaces: list[str]) -> None:
    assert find_surfaces(Watch(name="w", query=query), text) == surfaces


# (entity, type, text, surfaces)
NAMES = [
    ("JD Vance", "person", "J.D. Vance and J. D. Vance", ["J.D. Vance", "J. D. Vance"]),
    ("J.D. Vance", "person", "JD Vance", ["JD Vance"]),
    ("McDonalds", "company", "McDonald’s", ["McDonald’s"]),
    ("Lowe's", "company", "lowes", ["lowes"]),
    ("Mike Brooks", "person", "Mike Brook's man", []),
    ("Mike Brook", "person", "Mike Brooks", []),
    ("E*TRADE", "company", "E*TRADE", ["E*TRADE"]),
]


@pytest.mark.parametrize(("name", "type_", "text", "surfaces"), NAMES)
def test_a_name_is_found_however_it_is_written(name: str, type_: str, text: str, surfaces: list[str]) -> None:
    assert find_surfaces(Watch(name="w", entity=name, type=type_), text) == surfaces


SAME = [
    ("McDonalds", "McDonald's"),
    ("F-35", "F35"),
    ("G7", '"g 7"'),
    ("Zürich", "zurich"),
    ("ＮＡＴＯ", "nato"),
    ("E\\*TRADE", "e-trade"),
    ("T-Mobile", '"T Mobile"'),
    ("Nukualofa", "Nukuʻalofa"),
    ("grain –recipe", "grain -recipe"),
    ("ﾄﾖﾀ", "トヨタ"),
    ("_Dune_", "dune"),
    ('"[Music]"', '"[music]"'),
]
OTHER = [
    ("시상", "삼성"),
    ("दल", "दिल"),
    ("バリ", "パリ"),
    ("ข้าว", "ขาว"),
    ("й", "и"),
    ("U.S.", "us"),
    ("US", "us"),
    ("E*TRADE", "E\\*TRADE"),
    ('"[Music]"', "music"),
    ("🚀", "♪"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_watches_that_find_the_same_have_equal_keys(one: str, other: str) -> None:
    assert equivalence_key(parse(one)) == equivalence_key(parse(other))


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_watches_that_find_something_else_have_different_keys(one: str, other: str) -> None:
    assert equivalence_key(parse(one)) != equivalence_key(parse(other))


def test_one_letter_of_a_script_without_blanks_gets_a_hint() -> None:
    assert list(find_hints(parse("北"))) == [(1, "北 is found within longer words, too")]
    assert not list(find_hints(parse("北京 OR x")))


@pytest.mark.parametrize("dash", "–—−‒―")
def test_a_dash_of_a_word_processor_is_read_as_minus_and_gets_a_hint(dash: str) -> None:
    [(column, says)] = find_hints(parse(f"grain {dash}recipe"))
    assert column == 7
    assert f"{dash} in front of a word is read as -" in says
    assert not list(find_hints(parse("grain -recipe")))
    assert not list(find_hints(parse(f"grain{dash}recipe")))


IS_ANNOTATION = {
    "[Music]": True,
    "(Applause)": True,
    "[upbeat music]": True,
    "[Music playing in background]": True,
    "[ __ ]": False,
    "[President]": False,
    "(I love music)": False,
    "[00:01:22]": False,
    "*sighs deeply*": True,
    "*important*": False,
    "*laughs*": True,
    "* laughs *": False,
    "[Музыка]": True,
    "[音楽]": True,
    "music": False,
    "[Music and then a very long sentence about many things]": False,
}


@pytest.mark.parametrize("text", IS_ANNOTATION)
def test_a_note_of_a_sound_is_told_from_words_in_brackets(text: str) -> None:
    assert is_annotation(text) is IS_ANNOTATION[text]


noise = st.sampled_from(["™", "®", " ♪ ", " • ", "🚀", " ", ", ", " [Music] ", "_", "*", "\u200b ", " — ", "❤️"])
plain = st.sampled_from(
    ["black", "sea", "Zürich", "삼성", "दिल", "दाल", "й", "nato", "x", "北京", "北", "ข้าว", "ขาว", "パリ"]
)
talk = st.lists(st.tuples(plain, noise), max_size=12)


@settings(max_examples=examples(300))
@given(talk, st.lists(plain, min_size=1, max_size=3))
@example([("北京", "™")], ["北"])
def test_symbols_between_words_of_any_script_change_nothing_beside_the_oracle(
    said: list[tuple[str, str]], phrase: list[str]
) -> None:
    """The oracle sees the words with one blank between them, the engine what is in the transcript."""
    text = "".join(f"{word}{sign if re.search('[^ ]', sign) or not sign else ' '}" for word, sign in said).strip()
    bare = " ".join(word for word, _ in said)
    query = '"' + " ".join(phrase) + '"'
    found = build_engine([Watch(name="w", query=query)])(join_segments([Segment(0, 9, text)])).mentions
    wanted = query_oracle.find_surfaces(parse(query), bare)
    known = sorted({*phrase, *(word for word, _ in said)}, key=len, reverse=True)  # 北 is found within 北京, too
    words = [re.findall("|".join(known), m.surface) for m in found]
    assert words == [surface.split() for _, _, surface in wanted]
