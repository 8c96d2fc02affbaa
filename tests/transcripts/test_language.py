"""The language of a transcript is the declared one, unless that is none or the text plainly says another."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.transcripts.language import Language, decide_language, primary_subtag, take_samples

EN = "The harbour was closed for two days, and nobody could say when the ships would be allowed to leave again. "
TALK = {
    "en": EN,
    "de": "Der Hafen war zwei Tage lang geschlossen, und niemand konnte sagen, wann die Schiffe wieder fahren dürfen. ",
    "fr": "Le port était fermé depuis deux jours et personne ne savait quand les bateaux pourraient repartir en mer. ",
    "es": "El puerto llevaba dos días cerrado y nadie sabía cuándo los barcos podrían volver a salir hacia el mar. ",
    "pt": "O porto estava fechado há dois dias e ninguém sabia dizer quando os navios poderiam voltar a sair para o mar. ",
    "ru": "Порт был закрыт уже два дня, и никто не мог сказать, когда кораблям снова разрешат выйти в море. ",
    "uk": "Порт був зачинений уже два дні, і ніхто не міг сказати, коли кораблям знову дозволять вийти в море. ",
    "it": "Il porto era chiuso da due giorni e nessuno sapeva dire quando le navi avrebbero potuto ripartire. ",
    "nl": "De haven was al twee dagen gesloten en niemand kon zeggen wanneer de schepen weer mochten vertrekken. ",
    "pl": "Port był zamknięty od dwóch dni i nikt nie potrafił powiedzieć, kiedy statki będą mogły wypłynąć. ",
    "sv": "Hamnen hade varit stängd i två dagar och ingen kunde säga när fartygen skulle få lämna den igen. ",
    "ja": "港は二日間閉鎖されていて、船がいつ出られるのか誰にも分かりませんでした。町の人々は静かに待っていました。",
    "ar": "كان الميناء مغلقا منذ يومين ولم يستطع أحد أن يقول متى يسمح للسفن بالمغادرة مرة أخرى إلى البحر. ",
}

# declared: primary subtag
TAGS = {
    "en-us": "en",
    "EN_GB": "en",
    " English ": "en",
    "English (US)": "en",
    "deutsch": "de",
    "pt-BR": "pt",
    "zh-Hant-TW": "zh",
    "eng": "en",
    "fil": "tl",
    "iw": "he",
    "jp": "ja",
    "日本語": "ja",
    "und": None,
    "x-default": None,
    "en1": None,
    "xx": None,
    "podcast": None,
    "http://a": None,
    "": None,
    None: None,
}


@pytest.mark.parametrize("declared", TAGS, ids=repr)
def test_a_declared_tag_becomes_its_primary_subtag_or_nothing(declared: str | None) -> None:
    assert primary_subtag(declared) == TAGS[declared]


@pytest.mark.parametrize("code", TALK)
def test_a_text_says_its_own_language(code: str) -> None:
    found = decide_language(None, TALK[code] * 6)
    assert (found.code, found.is_declared) == (code, False)
    assert found.probability >= 0.9


@pytest.mark.parametrize("text", ["", "Okay.", "Okay. " * 30, "1 2 3 4 5 " * 500, TALK["en"]], ids=lambda t: t[:10])
def test_too_little_text_has_no_language(text: str) -> None:
    assert decide_language("und", text) == Language(None, False, 0.0)


# (declared, language of the text, characters): (code, declared)
CONFLICTS = {
    ("en", "ru", 5000): ("ru", False),
    ("en", "de", 1500): ("de", False),
    ("en", "ru", 600): ("en", True),
    ("en-us", "en", 5000): ("en", True),
    ("uk", "en", 5000): ("en", False),
    ("nb", "sv", 600): ("nb", True),
    ("uk", "ru", 5000): ("uk", True),
    ("gl", "pt", 5000): ("gl", True),
    ("us", "de", 5000): ("de", False),
}


@pytest.mark.parametrize("case", CONFLICTS, ids=str)
def test_a_long_text_overrules_a_plainly_wrong_declaration(case: tuple[str, str, int]) -> None:
    declared, spoken, length = case
    found = decide_language(declared, (TALK[spoken] * 100)[:length])
    assert (found.code, found.is_declared) == CONFLICTS[case]


def test_a_text_in_two_languages_does_not_overrule() -> None:
    assert decide_language("fr", TALK["en"] * 20 + TALK["de"] * 60) == Language("fr", True, 1.0)


@given(st.one_of(st.none(), st.text(max_size=12)), st.text(), st.integers(1, 40))
def test_no_text_raises(declared: str | None, text: str, times: int) -> None:
    found = decide_language(declared, text * times)
    assert found.code is None or 2 <= len(found.code) <= 3
    assert 0 <= found.probability <= 1
    assert sum(map(len, take_samples(text * times))) <= 2000


def test_the_model_is_loaded_only_when_a_text_is_identified() -> None:
    code = (
        "import sys; from podwatch.transcripts.language import decide_language; decide_language('en', 'Okay.' * 20);"
        "assert not {'py3langid', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
