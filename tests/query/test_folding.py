"""Marks are accents where they are, and letters elsewhere: over all of Unicode no two letters become one but as said."""

from __future__ import annotations

import sys
import unicodedata
from collections import defaultdict
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podwatch.model import Segment, Watch, join_segments
from podwatch.query import build_engine
from podwatch.query.normaliser import normalise, normalise_all
from tests.support.hypothesis_profiles import examples


@cache
def assigned_characters() -> list[str]:
    found = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF)
    return [c for c in found if unicodedata.category(c) not in ("Cn", "Co")]


# Written differently, and the same: what docs/queries.md says of each script.
ALIKE = [
    ("Zürich", "zurich"),
    ("Zu\u0308rich", "Zürich"),
    ("Łódź", "lodz"),
    ("Straße", "STRASSE"),
    ("İzmir", "ızmır"),
    ("Đà Nẵng", "da nang"),
    ("ΠΑΎΛΟΣ", "Παυλος"),
    ("ᾳ", "α"),
    ("ещё", "еще"),
    ("за\u0301мок", "замок"),
    ("и\u0306", "й"),
    ("السَّلَامُ", "السلام"),
    ("عليـكم", "عليكم"),
    ("שָׁלוֹם", "שלום"),
    ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국"),
    ("か\u3099", "が"),
    ("ﾊﾟﾘ", "パリ"),
    ("ｶﾞｰﾄﾞ", "ガード"),
    ("क\u093c", "\u0958"),
    ("CO₂", "co2"),
    ("ﬃ", "ffi"),
    ("ＮＡＴＯ", "nato"),
    ("Ⅳ", "iv"),
    ("℡", "tel"),
    ("㈱", "株"),
    ("㌔", "キロ"),
    ("４ᵗʰ", "4th"),
    ("𝐍𝐚𝐭𝐨", "nato"),
    ("３．５", "3.5"),
    ("3½", "3 1/2"),
    ("٢٠٢٥", "2025"),
    ("1\ufe0f\u20e3", "1"),
    ("co\u00adop", "coop"),
    ("Hawaiʻi", "Hawai’i"),
    ("Qurʾan", "Qur'an"),
]
# Marks and forms that make another letter.
DIFFERENT = [
    ("시상", "삼성"),
    ("사실", "삼성"),
    ("バリ", "パリ"),
    ("はり", "ぱり"),
    ("きって", "きつて"),
    ("カ", "か"),
    ("दल", "दिल"),
    ("दल", "दाल"),
    ("क", "क़"),
    ("கல்", "கால்"),
    ("ขาว", "ข้าว"),
    ("ข่าว", "ข้าว"),
    ("ກາ", "ກ້າ"),
    ("ကာ", "ကား"),
    ("កា", "ក"),
    ("й", "и"),
    ("ї", "і"),
    ("ў", "у"),
    ("ѓ", "г"),
    ("أ", "ا"),
    ("ئ", "ي"),
    ("ة", "ه"),
    ("বল", "বাল"),
    ("ಕ", "ಕಿ"),
    ("ދ", "ދި"),
    ("բ", "պ"),
    ("北", "比"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_is_only_written_differently_is_the_same(one: str, other: str) -> None:
    assert normalise(one).text == normalise(other).text


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_letters_are_different_words(one: str, other: str) -> None:
    assert normalise(one).text != normalise(other).text


def plain_letter(c: str) -> str:
    """What the page says that a letter is compared as, by Unicode's own tables, a step at a time."""
    name = unicodedata.name(c, "")
    if name.startswith(("LATIN", "GREEK")):
        c = unicodedata.normalize("NFD", c)[0]
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", c).casefold())
    listed = {"ё": "е", "ı": "i", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
    kept = ""
    for x in plain:
        if unicodedata.name(x, "").startswith(("LATIN", "GREEK")):
            x = unicodedata.normalize("NFD", x)[0]
        kept += listed.get(x, x)
    pointed = [x for x in kept if not ("\u0591" <= x <= "\u05c7" or "\u064b" <= x <= "\u0652" or x in "\u0670\u0640·")]
    return "".join(str(unicodedata.digit(x)) if unicodedata.category(x) == "Nd" else x for x in pointed)


def test_no_two_letters_of_unicode_become_one_unless_the_page_says_so() -> None:
    letters = [c for c in assigned_characters() if c.isalpha() and not set(plain_letter(c)) & set("'’ʼʻʽʾʿʹˈˊˋꞌꞋ")]
    same: dict[str, set[str]] = defaultdict(set)
    for c, word in zip(letters, normalise_all(letters), strict=True):
        same[word].add(plain_letter(c).strip())
    same.pop("", None)
    assert {word: some for word, some in same.items() if len(some) > 1} == {}


def test_every_mark_of_a_script_of_its_own_tells_two_words_apart() -> None:
    """But the vowel points of Arabic and Hebrew, which are listed here by their blocks."""
    alike = []
    for c in assigned_characters():
        code = ord(c)
        if unicodedata.category(c) not in ("Mn", "Mc") or 0x0590 <= code <= 0x08FF or code >= 0xE0000:
            continue
        if unicodedata.name(c).startswith(("COMBINING", "VARIATION", "MONGOLIAN FREE")):
            continue
        if normalise(f"ක{c}").text == normalise("ක").text:
            alike.append(f"{code:x} {unicodedata.name(c)}")
    assert alike == []


def test_a_letter_of_unicode_is_a_word_whose_span_is_that_letter() -> None:
    assigned = assigned_characters()
    for at in range(0, len(assigned), 4096):
        part = [c for c in assigned[at : at + 4096] if not c.isspace()]
        text = " x ".join(part)
        normal = normalise(text)
        words, surfaces, place = normal.text.split(), [], 1
        for word in words:
            start, end = normal.stored_span(place, place + len(word))
            surfaces.append(text[start:end])
            place += len(word) + 1
        for word, surface, again in zip(words, surfaces, normalise_all(surfaces), strict=True):
            assert word in again.split() or "'" in word, (word, surface)
            assert " x " not in surface


anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=examples(300))
@given(anything, anything)
def test_a_word_is_found_where_it_stands_whatever_is_around(before: str, after: str) -> None:
    """The way there and back over all of Unicode: between separators a word is found, and its span is the word."""
    for word in ("zürich", "삼성", "パリ", "दिल", "ข่าว", "нiй", "ＮＡＴＯ", "ﬃx"):
        text = f"{before}. ; {word} ; .{after}"
        normal = normalise(text)
        wanted = normalise(word).text
        found = []
        at = normal.text.find(wanted)
        while at >= 0:
            start, end = normal.stored_span(at + 1, at + len(wanted) - 1)
            found.append(text[start:end])
            at = normal.text.find(wanted, at + 1)
        assert word in found


@given(anything, st.integers(0, 12), st.integers(0, 12))
def test_a_place_in_the_stored_text_leads_to_the_normalised_one_in_order(text: str, a: int, b: int) -> None:
    normal = normalise(text)
    first, second = sorted((min(a, len(text)), min(b, len(text))))
    assert 0 <= normal.index_of(first) <= normal.index_of(second) <= len(normal.text)


# (query, text, surfaces)
RUNS = [
    ("กรุงเทพ", "วันนี้อากาศในกรุงเทพมหานครดีมาก", ["กรุงเทพ"]),
    ("กรุงเทพ*", "วันนี้อากาศในกรุงเทพมหานครดีมาก", ["กรุงเทพ"]),
    ("*北京", "他在北京工作", ["北京"]),
    ("ວຽງຈັນ", "ນະຄອນຫຼວງວຽງຈັນເປັນ", ["ວຽງຈັນ"]),
    ("ភ្នំពេញ", "នៅភ្នំពេញថ្ងៃនេះ", ["ភ្នំពេញ"]),
    ("ရန်ကုန်", "မြို့ရန်ကုန်မှာ", ["ရန်ကုန်"]),
    ("東京", "昨日東京タワーで", ["東京"]),
    ("トヨタ", "ﾄﾖﾀとトヨタ", ["ﾄﾖﾀ", "トヨタ"]),
    ("人々", "世界の人々が", ["人々"]),
    ("ข้าว", "กินข้าวขาว", ["ข้าว"]),
    ("ขา", "ข้าขาว", ["ขา"]),
    ("서울*", "서울에서 우리는 수업을", ["서울에서"]),
    ("東京 NEAR/2 京都", "東京から京都", ["東京から京都"]),
    ("東京 NEAR/1 京都", "東京から京都", []),
    ("NATO NEAR/1 会議", "ＮＡＴＯの会議", ["ＮＡＴＯの会議"]),
    ("=NATO", "ＮＡＴＯとnato", ["ＮＡＴＯ"]),
    ('="Zürich"', "Zu\u0308rich, Zurich", ["Zu\u0308rich"]),
]


@pytest.mark.parametrize(("query", "text", "surfaces"), RUNS, ids=[f"{q} in {t}" for q, t, _ in RUNS])
def test_words_of_scripts_without_blanks_are_found_inside_runs(query: str, text: str, surfaces: list[str]) -> None:
    engine = build_engine([Watch(name="w", query=query)])
    assert [m.surface for m in engine(join_segments([Segment(0, 9, text)])).mentions] == surfaces


@settings(max_examples=examples(300))
@given(st.text("abgko", min_size=2, max_size=8), st.text("abgko", min_size=2, max_size=8), st.sampled_from("'’ʻʼʾʿ`"))
def test_an_apostrophe_within_a_name_takes_no_place(before: str, after: str, apostrophe: str) -> None:
    normal = normalise(f"x {before}{apostrophe}{after} y")
    assert normal.text == f" x {before}{after} y "
    assert normal.stored_span(3, 3 + len(before + after)) == (2, 3 + len(before + after))


@pytest.mark.parametrize("word", ["l'Ukraine", "qu’Ukraine", "Dell'Ukraine", "lorsqu'Ukraine"])
def test_a_word_behind_an_elision_is_one_of_its_own(word: str) -> None:
    assert normalise(word).text.endswith(" ukraine ")
