"""Bytes in legacy encodings become the text that was written: by their marks, declarations, or what they are like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats import parse_transcript
from podwatch.transcripts.formats.text_encoding import codec_of, declared_codec, decode_text

TALK = {
    "Russian": "Сегодня говорим про зерно и Чёрное море.|А вы были в порту?|Да, мы видели корабли, и их было много.",
    "Ukrainian": "Сьогодні говоримо про зерно і Чорне море.|А ви були в порту?|Так, ми бачили кораблі, їх було багато.",
    "Serbian": "Данас причамо о житу и Црном мору.|Шта је рекао министар?|Бродови још увек чекају у луци.",
    "Chinese": "今天我们谈谈粮食和黑海。|你去过港口吗？|去过，我们看见了很多船。",
    "traditional Chinese": "今天我們談談糧食和黑海。|你去過港口嗎？|去過，我們看見了很多船。",
    "Japanese": "今日は穀物と黒海について話します。|港に行ったことがありますか？|はい、たくさんの船を見ました。",
    "Korean": "오늘은 곡물과 흑해에 대해 이야기합니다.|항구에 가 본 적이 있습니까?|네, 우리는 많은 배를 보았습니다.",
    "Polish": "Dziś mówimy o zbożu i Morzu Czarnym.|Czy byliście kiedyś w porcie?|Tak, widzieliśmy wiele statków.",
    "Czech": "Dnes mluvíme o obilí a o Černém moři.|Byli jste někdy v přístavu?|Ano, viděli jsme lodě.",
    "Hungarian": "Ma a gabonáról és a Fekete-tengerről beszélünk.|Jártak már a kikötőben?|Igen, láttuk a hajókat.",
    "German": "Heute geht es über Getreide.|Wart ihr schon im großen Hafen?|Ja, es waren sehr viele Schiffe, schön!",
    "French": "Aujourd'hui, nous parlons des céréales.|Êtes-vous déjà allés au port ?|Oui, il y en avait énormément.",
    "Spanish": "Hoy hablamos del grano y del mar Negro.|¿Han estado en el puerto?|Sí, había muchísimos, señora.",
    "Greek": "Σήμερα μιλάμε για τα σιτηρά.|Έχετε πάει στο λιμάνι;|Ναι, είδαμε τα πλοία, ήταν πάρα πολλά.",
    "Turkish": "Bugün tahılı ve Karadeniz'i konuşuyoruz.|Hiç limana gittiniz mi?|Evet, gemileri gördük, çok fazlaydı.",
    "Hebrew": "היום נדבר על התבואה ועל הים השחור.|הייתם פעם בנמל?|כן, ראינו את האוניות, היו הרבה מאוד.",
    "Arabic": "اليوم نتحدث عن الحبوب والبحر الأسود.|هل ذهبتم إلى الميناء؟|نعم، رأينا السفن وكانت كثيرة جدا.",
    "Thai": "วันนี้เราคุยกันเรื่องธัญพืชและทะเลดำ|คุณเคยไปที่ท่าเรือไหม|เคย เราเห็นเรือมากมาย",
    "Lithuanian": "Šiandien kalbame apie grūdus ir Juodąją jūrą.|Ar esate buvę uoste?|Taip, matėme laivus.",
}
UNDECLARED = [
    ("Russian", "windows-1251"), ("Russian", "koi8-r"), ("Russian", "iso8859-5"), ("Russian", "cp866"),
    ("Ukrainian", "windows-1251"), ("Ukrainian", "koi8-u"), ("Serbian", "windows-1251"), ("Chinese", "gbk"),
    ("Chinese", "gb18030"), ("traditional Chinese", "big5"), ("Japanese", "shift_jis"), ("Japanese", "euc-jp"),
    ("Japanese", "iso2022_jp"), ("Korean", "euc-kr"), ("Korean", "cp949"), ("Polish", "cp1250"), ("Polish", "iso8859-2"),
    ("Czech", "cp1250"), ("Czech", "iso8859-2"), ("Hungarian", "cp1250"), ("German", "cp1252"), ("German", "iso8859-15"),
    ("French", "cp1252"), ("Spanish", "cp1252"), ("Greek", "cp1253"), ("Greek", "iso8859-7"), ("Turkish", "cp1254"),
    ("Hebrew", "cp1255"), ("Arabic", "cp1256"), ("Arabic", "iso8859-6"), ("Thai", "cp874"), ("Lithuanian", "cp1257"),
    ("Russian", "utf-16-le"), ("Japanese", "utf-16-be"), ("German", "utf-16-le"), ("English", "utf-16-be"),
]  # fmt: skip
TALK["English"] = "It is the grain deal.|Were you in the port?|We saw a lot of ships."


def as_srt(lines: list[str]) -> str:
    return "\n".join(f"{i}\n00:00:0{i},000 --> 00:00:0{i},900\n{line}\n" for i, line in enumerate(lines, 1))


def as_vtt(lines: list[str]) -> str:
    return "WEBVTT\n\n" + "\n".join(f"00:00:0{i}.000 --> 00:00:0{i}.900\n{w}\n" for i, w in enumerate(lines, 1))


def as_text(lines: list[str]) -> str:
    return "\n".join(f"[00:00:0{i}] {line}" for i, line in enumerate(lines, 1))


def as_html(lines: list[str]) -> str:
    return "<p>" + "</p>\n<p>".join(lines) + "</p>"


WRITERS = {"srt": as_srt, "vtt": as_vtt, "plain": as_text, "html": as_html}


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(("language", "encoding"), UNDECLARED)
def test_a_text_in_an_undeclared_encoding_is_read_as_it_was_written(language: str, encoding: str, form: str) -> None:
    lines = TALK[language].split("|")
    name, columns = parse_transcript(WRITERS[form](lines).encode(encoding), f"x.{form}")
    assert name == form
    assert columns.transcript().text == " ".join(lines)
    assert not columns.is_charset_guessed


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("It’s “fine” – really…", "cp1252"),
        ("The café was naïve", "cp1252"),
        ("Grain™ costs £5 or ½", "cp1252"),
        ("© 2031 Señor Peña", "cp1252"),
        ("他在北京工作", "gbk"),
        ("Сегодня говорим про зерно", "cp1251"),
    ],
)
def test_a_single_line_is_enough(text: str, encoding: str) -> None:
    assert parse_transcript(as_srt([text]).encode(encoding))[1].texts[0].strip() == text


DECLARED = [
    ("application/x-subrip; charset=windows-1251", "cp1251", "Да, море", "Да, море"),
    ("text/plain;charset=GBK", "gbk", "他在北京", "他在北京"),
    ('text/vtt; charset="gb2312"', "gbk", "他在北京", "他在北京"),
    ("text/vtt; charset=x-sjis", "shift_jis", "東京です", "東京です"),
    ("text/vtt; charset=ks_c_5601-1987", "cp949", "한국", "한국"),
    ("text/vtt; charset=iso-8859-2", "iso8859-2", "Łódź, Gdańsk", "Łódź, Gdańsk"),
    ("text/vtt; charset=utf-16le", "utf-16-le", "海", "海"),
    # Servers say these of whatever they have.
    ("text/vtt; charset=windows-1251", "utf-8", "Zürich, 東京", "Zürich, 東京"),
    ("text/vtt; charset=utf-8", "cp1251", "Сегодня говорим про зерно", "Сегодня говорим про зерно"),
    ("text/vtt; charset=iso-8859-1", "cp1251", "Сегодня говорим про зерно", "Сегодня говорим про зерно"),
    ("text/vtt; charset=iso-8859-1", "cp1252", "Ménage à trois", "Ménage à trois"),
    ("text/vtt; charset=shift_jis", "cp1252", "naïve café, déjà vu", "naïve café, déjà vu"),
    ("text/vtt; charset=rot13", "utf-8", "grain", "grain"),
]


@pytest.mark.parametrize(("media_type", "encoding", "written", "right"), DECLARED)
def test_the_charset_of_the_server_counts_where_the_bytes_are_no_utf8_and_fit(
    media_type: str, encoding: str, written: str, right: str
) -> None:
    assert parse_transcript(as_srt([written]).encode(encoding), media_type)[1].texts[0].strip() == right


@pytest.mark.parametrize(
    "markup",
    [
        '<?xml version="1.0" encoding="windows-1251"?><tt><body><div><p begin="1s" end="2s">Море</p></div></body></tt>',
        '<html><head><meta charset="windows-1251"></head><p>[00:01] Море</p><p>[00:02] а</p><p>[00:03] б</p></html>',
        "<html><head><meta http-equiv=Content-Type content='text/html; charset=windows-1251'></head>"
        "<p>[00:01] Море</p><p>[00:02] а</p><p>[00:03] б</p></html>",
    ],
)
def test_markup_declares_its_own_encoding(markup: str) -> None:
    assert parse_transcript(markup.encode("cp1251"))[1].texts[0].strip() == "Море"


def test_a_guess_without_confidence_is_used_and_said() -> None:
    _, columns = parse_transcript(as_srt(["Да"]).encode("cp1251"))
    assert columns.texts[0].strip() == "Да"
    assert columns.media_type("srt") == "srt; charset=cp1251; guessed"
    _, columns = parse_transcript(as_srt(["Да"]).encode("cp1251"), "text/srt; charset=windows-1251")
    assert columns.media_type("srt") == "srt; charset=cp1251"
    assert parse_transcript(as_srt(["Да"]).encode())[1].media_type("srt") == "srt"


@pytest.mark.parametrize("name", ["zip", "rot13", "punycode", "idna", "base64", "unicode_escape", "undefined", ""])
def test_a_codec_that_is_no_encoding_of_text_is_not_known(name: str) -> None:
    assert codec_of(name) == ""
    assert declared_codec(f"text/vtt; charset={name}") == ""


def test_a_few_broken_bytes_leave_utf8_what_it_is() -> None:
    data = as_srt(["Die Straße nach Zürich und Kraków"] * 3).encode()
    assert "Straße nach Z�rich" in decode_text(data.replace("ü".encode(), b"\xfc", 1)).text
    assert decode_text(data[: data.rindex("ó".encode()) + 1]).charset == "utf-8"


@given(st.binary(max_size=300), st.sampled_from(["", "cp1251", "gb18030", "utf-16-le", "cp1252"]))
def test_any_bytes_are_text_or_refused_in_a_line(data: bytes, declared: str) -> None:
    said = ""
    try:
        assert decode_text(data, declared).text
    except TranscriptError as e:
        said = e.line
    assert len(said) < 300


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\x1b", exclude_categories=["Cc"]), min_size=1))
def test_valid_utf8_is_utf8_whatever_is_declared(text: str) -> None:
    if text.strip("\ufeff \t\r\n\f\v\0"):
        for declared in ("", "cp1251", "gb18030", "utf-16-le"):
            try:
                got = decode_text(text.encode(), declared).text
            except TranscriptError:
                continue
            assert got == text.removeprefix("\ufeff")


HINTS = [
    ("pl", "Dzień dobry, dzisiaj rozmawiamy o portach.", "cp1250"), ("hr", "Dobar dan, danas pričamo o luci.", "cp1250"),
    ("hu", "A halászok későn értek haza.", "cp1250"), ("cs-CZ", "Čekali jsme na lodě.", "cp1250"),
    ("he", "חיכינו לסירות.", "cp1255"), ("ar", "شكرا.", "cp1256"), ("bg", "Чакахме лодките.", "cp1251"),
    ("tr", "Işık güzeldi.", "cp1254"), ("es", "El niño comió piña.", "cp1252"), ("nb", "Vi går på båten.", "cp1252"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "said", "encoding"), HINTS, ids=[language for language, _, _ in HINTS])
def test_the_language_of_the_feed_decides_what_a_single_cue_leaves_open(
    language: str, said: str, encoding: str
) -> None:
    assert decode_text(as_srt([said]).encode(encoding), language=language).text == as_srt([said])
