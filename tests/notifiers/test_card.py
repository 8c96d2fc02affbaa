"""The card of an alert, whatever feeds and transcripts put into it."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import Kind, Mention
from podwatch.notifiers import card
from podwatch.notifiers.block_kit import MAX_MESSAGE_BYTES, Block, json_size
from tests.support.builders import alert, episode, mention, watch
from tests.support.slack.fault_proxy import over_limit


def elements(blocks: list[Block]) -> list[dict[str, Any]]:
    """Every text and link element, in order."""
    return [e for b in blocks if b["type"] == "rich_text" for part in b["elements"] for e in part["elements"]]


def quotes(blocks: list[Block]) -> list[list[dict[str, Any]]]:
    rich = [part for b in blocks if b["type"] == "rich_text" for part in b["elements"]]
    return [part["elements"] for part in rich if part["type"] == "rich_text_quote"]


def bold(blocks: list[Block]) -> list[str]:
    return [e["text"] for e in elements(blocks) if e.get("style", {}).get("bold")]


def links(blocks: list[Block]) -> dict[str, str]:
    return {e["text"]: e["url"] for e in elements(blocks) if e["type"] == "link"}


def words(blocks: list[Block]) -> str:
    return " ".join(e["text"] for e in elements(blocks))


def test_a_card_of_an_episode_that_podwatch_heard_itself_says_so() -> None:
    heard = alert(is_recognised=True)
    assert words(card.blocks(heard)).count("recognised by podwatch") == 1
    assert "recognised by podwatch" in card.text(heard)
    assert "recognised by podwatch" not in words(card.blocks(alert())) + card.text(alert())


def test_a_card_says_who_was_found_where_when_and_in_which_words() -> None:
    assert card.blocks(alert()) == [
        {
            "type": "header",
            "text": {"type": "plain_text", "text": "dobrynin in “Thirteen days, part 2”", "emoji": False},
        },
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "History Hour"},
                        {"type": "text", "text": " · "},
                        {"type": "text", "text": "2024-10-03"},
                        {"type": "text", "text": " · "},
                        {"type": "link", "url": "https://history.example/episodes/2", "text": "episode"},
                    ],
                }
            ],
        },
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "link", "url": "https://cdn.history.example/2.mp3#t=754", "text": "0:12:34"},
                        {"type": "text", "text": " · "},
                        {"type": "text", "text": "Robert Kennedy"},
                    ],
                },
                {
                    "type": "rich_text_quote",
                    "elements": [
                        {"type": "text", "text": "That night I drove to the embassy and told "},
                        {"type": "text", "text": "Dobrynin", "style": {"bold": True}},
                        {"type": "text", "text": " that we had to have an answer by Sunday."},
                    ],
                },
            ],
        },
    ]


def test_the_text_for_notifications_says_the_same_in_lines() -> None:
    assert card.text(alert()).splitlines() == [
        "dobrynin in “Thirteen days, part 2” (History Hour, 2024-10-03)",
        "0:12:34 Robert Kennedy: That night I drove to the embassy and told *Dobrynin* that we had to have an answer"
        " by Sunday.",
        "<https://cdn.history.example/2.mp3#t=754>",
    ]


def misheard(surface: str, snippet: str, **changes: Any) -> Mention:
    reason = f"{surface} ~ Dobrynin, 0.83: sound distance 0.21, full name elsewhere"
    facts = {"kind": Kind.SOUNDS_LIKE, "score": 0.834, "reason": reason}
    return mention(surface, snippet, **(facts | changes))


def test_a_misspelling_says_once_of_what_and_how_sure_and_the_thread_says_why() -> None:
    said = alert(
        misheard("the Brennan", "I called the Brennan."), misheard("Dough Brennan", "So Dough Brennan went.", start=900)
    )
    first, thread = card.alert_messages(said)
    shown = words(first.blocks)
    assert shown.count("possible misspelling of Dobrynin (83%)") == 1
    assert shown.count("possible misspelling (83%)") == 1
    assert shown.count("misspelling") == 2
    assert bold(first.blocks) == ["the Brennan", "Dough Brennan"]
    assert "sound distance" not in shown + first.text
    assert "0:12:34 “the Brennan”: sound distance 0.21, full name elsewhere" in words(thread.blocks)
    assert "0:12:34 “Dough Brennan”: sound distance 0.21, full name elsewhere" in thread.text


# case: (reason, score) -> what the card says
MISSPELT = {
    "as it is written in the watch": ("Brenin ~ Anatoly Dobrynin, 0.96: with the first name", 0.96,
                                      "possible misspelling of Anatoly Dobrynin (96%)"),
    "a name with a comma": ("x ~ Keys, Jr, 0.80: spelt so", 0.8, "possible misspelling of Keys, Jr (80%)"),
    "as good as certain": ("x ~ Dobrynin, 0.99: with the first name", 0.9991, "possible misspelling of Dobrynin (99%)"),
    "a reason of another form": ("2 sounds differ", 0.5, "possible misspelling of Anatoly Dobrynin (50%)"),
    "no reason": ("", 0.5, "possible misspelling of Anatoly Dobrynin (50%)"),
    "no score": ("", math.nan, "possible misspelling of Anatoly Dobrynin"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISSPELT, ids=str)
def test_what_a_misspelling_is_called(case: str) -> None:
    reason, score, line = MISSPELT[case]
    said = alert(misheard("the Brennan", "I called the Brennan.", reason=reason, score=score))
    assert words(card.blocks(said)).split(" · ")[-1].strip().startswith(line)


def test_a_card_shows_no_sentence_twice_and_counts_what_it_leaves_out() -> None:
    twice = [mention("so", "so and so", start=n) for n in (100, 107, 900)]
    blocks = card.blocks(alert(*twice, mention("so", "another so", start=500)))
    assert ["".join(e["text"] for e in q) for q in quotes(blocks)] == ["so and so", "another so"]
    assert blocks[-1]["elements"][0]["text"] == "and 2 more in this episode"


def test_a_second_that_is_a_guess_is_called_one() -> None:
    guessed = alert(mention(approximate=True))
    assert "about 0:12:34" in words(card.blocks(guessed))
    assert "about 0:12:34" in card.text(guessed)
    known = alert(mention(approximate=False))
    assert "about" not in words(card.blocks(known)) + card.text(known)
    unknown = alert(mention(approximate=True, seconds=math.nan))
    assert "about" not in words(card.blocks(unknown)) + card.text(unknown)


def test_the_reason_of_an_exact_mention_goes_without_saying() -> None:
    assert "because" not in words(card.blocks(alert(mention(kind=Kind.EXACT, reason="because"))))


def test_the_three_surest_mentions_are_shown_in_the_order_they_are_said_and_the_rest_is_counted() -> None:
    said = [(0.5, 10), (0.9, 30), (0.9, 20), (1.0, 40), (math.nan, 0)]
    mentions = [mention(f"w{at}", f"w{at}", score=score, start=at) for score, at in said]
    blocks = card.blocks(alert(*mentions))
    assert bold(blocks) == ["w20", "w30", "w40"]
    assert blocks[-1]["elements"][0]["text"] == "and 2 more in this episode"
    assert "and 2 more in this episode" in card.text(alert(*mentions))


def test_what_is_not_known_is_not_mentioned() -> None:
    bare = episode(show="", title="", link=None, audio_url=None, published_at=None)
    blocks = card.blocks(alert(mention(seconds=math.nan, speaker=None), episode=bare))
    assert [b["type"] for b in blocks] == ["header", "rich_text"]
    assert blocks[0]["text"]["text"] == "dobrynin"
    assert links(blocks) == {}
    assert len(quotes(blocks)) == 1


PAGE, AUDIO = "https://a.example/e", "https://a.example/e.mp3"
# case: (audio, page, seconds) -> (label, address)
MOMENTS = {
    "the audio at that second": (AUDIO, PAGE, 754.0, "0:12:34", f"{AUDIO}#t=754"),
    "seconds are rounded down": (AUDIO, PAGE, 59.99, "0:00:59", f"{AUDIO}#t=59"),
    "the very beginning": (AUDIO, PAGE, 0.0, "0:00:00", f"{AUDIO}#t=0"),
    "ten hours": (AUDIO, PAGE, 36_000.0, "10:00:00", f"{AUDIO}#t=36000"),
    "the page when there is no audio": (None, PAGE, 754.0, "0:12:34", f"{PAGE}#t=754"),
    "the page when the audio is no address": ("file:///e.mp3", PAGE, 754.0, "0:12:34", f"{PAGE}#t=754"),
    "the page when the audio has a token": (f"{AUDIO}?token=a1b2", PAGE, 754.0, "0:12:34", f"{PAGE}#t=754"),
    "a page with a fragment of its own": (None, f"{PAGE}#/two", 754.0, "0:12:34", f"{PAGE}#/two"),
    "audio with a fragment": (f"{AUDIO}#t=0", PAGE, 754.0, "0:12:34", f"{AUDIO}#t=754"),
    "no time known": (AUDIO, PAGE, math.nan, "listen", AUDIO),
    "an impossible time": (AUDIO, PAGE, math.inf, "listen", AUDIO),
    "a time before the beginning": (AUDIO, PAGE, -1.0, "listen", AUDIO),
}


@pytest.mark.parametrize("case", MOMENTS, ids=str)
def test_a_mention_links_to_its_moment(case: str) -> None:
    audio, page, seconds, label, address = MOMENTS[case]
    blocks = card.blocks(alert(mention(seconds=seconds), episode=episode(audio_url=audio, link=page)))
    assert links(blocks)[label] == address
    assert card.text(alert(mention(seconds=seconds), episode=episode(audio_url=audio, link=page))).endswith(
        f"<{address}>"
    )


# A sentence in which Dobrynin is said, and how its parts appear
SENTENCES = {
    "stars": ("a *bold* Dobrynin *s", ("a *bold* ", " *s")),
    "all of mrkdwn": ("_~`Dobrynin`~_", ("_~`", "`~_")),
    "letters on both sides": ("preDobryninpost", ("pre", "post")),
    "markup": ("<b>Dobrynin</b> & co", ("<b>", "</b> & co")),
    "a call to the channel": ("<!channel> Dobrynin", ("<\u2060!channel> ", "")),
    "another call": ("@here Dobrynin @Everyone", ("@\u2060here ", " @\u2060Everyone")),
    "a member": ("<@U123456> Dobrynin", ("<\u2060@U123456> ", "")),
    "a link": ("<https://evil.example|Dobrynin>", ("<https://evil.example|", ">")),
    "blanks and lines": ("a\n\n b\tDobrynin  c", ("a b ", " c")),
    "control characters": ("a\x1b[31m\x00Dobrynin\x07", ("a[31m", "")),
    "bidi": ("\u202ea \u2066Dobrynin\u2069", ("a ", "")),
    "half a character": ("a\ud800Dobrynin", ("a", "")),
    "emoji": ("👩‍👩‍👧 Dobrynin 🇪🇺", ("👩‍👩‍👧 ", " 🇪🇺")),
    "only the hit": ("Dobrynin", ("", "")),
}


@pytest.mark.parametrize("case", SENTENCES, ids=str)
def test_the_hit_alone_is_bold_and_the_rest_is_nothing_but_text(case: str) -> None:
    snippet, (before, after) = SENTENCES[case]
    [quote] = quotes(card.blocks(alert(mention(snippet=snippet))))
    assert [e["type"] for e in quote] == ["text"] * len(quote)
    assert [e["text"] for e in quote] == [part for part in (before, "Dobrynin", after) if part]
    assert [e["text"] for e in quote if "style" in e] == ["Dobrynin"]


@pytest.mark.parametrize(
    ("hit", "shown"),
    {"*a*": "*a*", "🎧": "🎧", "中文": "中文", "<!here>": "<\u2060!here>", "a\nb": "a b", "&": "&"}.items(),
    ids=str,
)
def test_a_hit_may_be_any_text(hit: str, shown: str) -> None:
    assert bold(card.blocks(alert(mention(hit, f"x {hit} y")))) == [shown]


def test_the_second_of_two_equal_words_is_the_bold_one_when_it_is_the_hit() -> None:
    [quote] = quotes(card.blocks(alert(mention("so", "so and so", snippet_start=7))))
    assert [e["text"] for e in quote] == ["so and ", "so"]


@pytest.mark.parametrize("start", [3, 99, -2])
def test_a_wrong_position_in_the_snippet_is_forgiven(start: int) -> None:
    assert bold(card.blocks(alert(mention(snippet_start=start)))) == ["Dobrynin"]


def test_a_snippet_without_the_hit_gives_the_hit_alone() -> None:
    [quote] = quotes(card.blocks(alert(mention(snippet="something else", snippet_start=0))))
    assert [e["text"] for e in quote] == ["Dobrynin"]


def test_a_hit_that_cannot_be_seen_makes_no_empty_element() -> None:
    assert all(e["text"] for e in elements(card.blocks(alert(mention("\x00", "a\x00b")))))
    assert quotes(card.blocks(alert(mention("", "")))) == []


LONG = {
    "a word without end": "x" * 50_000 + "Dobrynin" + "y" * 50_000,
    "many words": "word " * 10_000 + "Dobrynin" + " word" * 10_000,
    "only before": "word " * 20_000 + "Dobrynin",
    "only after": "Dobrynin" + " word" * 20_000,
    "emoji": "🎧" * 50_000 + "Dobrynin" + "🎧" * 50_000,
    "three bytes a letter": "中" * 50_000 + "Dobrynin" + "文" * 50_000,
    "control characters": "\x01" * 50_000 + "Dobrynin" + "\x02" * 50_000,
    "ampersands": "&" * 50_000 + "Dobrynin" + "<" * 50_000,
    "calls": "@here" * 10_000 + "Dobrynin" + "<!channel>" * 10_000,
}


@pytest.mark.parametrize("case", LONG, ids=str)
def test_a_sentence_of_100_000_characters_is_cut_around_the_hit(case: str) -> None:
    said = alert(*[mention(snippet=f"{n} {LONG[case]} {n}", start=n) for n in range(5)])
    blocks = card.blocks(said)
    assert bold(blocks) == ["Dobrynin"] * 3
    assert over_limit(blocks) == ""
    assert json_size(blocks) < MAX_MESSAGE_BYTES
    assert len(card.text(said)) < 10_000


def test_a_long_sentence_is_cut_between_words_and_says_so() -> None:
    [quote] = quotes(card.blocks(alert(mention(snippet=LONG["many words"]))))
    assert quote[0]["text"].startswith("…word word")
    assert quote[2]["text"].endswith("word word…")


@pytest.mark.parametrize("field", ["show", "title", "link", "audio_url"])
def test_an_episode_with_a_field_of_100_000_characters_fits(field: str) -> None:
    said = alert(episode=episode(**{field: "https://a.example/" + "é" * 100_000}))
    assert over_limit(card.blocks(said)) == ""
    assert json_size(card.blocks(said)) < MAX_MESSAGE_BYTES
    assert len(card.text(said)) < 3_000


def test_a_header_keeps_to_150_characters_whatever_the_watch_and_the_title_are_called() -> None:
    for name, title in [("n" * 500, "t" * 500), ("n", "🎧" * 500), ("@here" * 100, "@here" * 100), ("\x00", "\x00")]:
        header = card.blocks(alert(watch=watch(name=name), episode=episode(title=title)))[0]["text"]["text"]
        assert 0 < len(header.encode("utf-16-le")) // 2 <= 150


def test_the_text_escapes_what_slack_would_read_as_markup() -> None:
    said = card.text(alert(mention(snippet="<!channel> & <https://x|Dobrynin>"), watch=watch(name="<@U1>")))
    assert "&lt;\u2060!channel&gt; &amp; &lt;https://x|*Dobrynin*&gt;" in said
    assert said.startswith("&lt;\u2060@U1&gt; in")


ANY = st.text(alphabet=st.characters(codec=None, exclude_categories=())) | st.sampled_from(
    ["<!channel>", "@here", "*", "🎧"]
)
FORBIDDEN = re.compile(r"<!|@(here|channel|everyone)|[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", re.I)


@given(st.lists(ANY, min_size=8, max_size=8), st.floats(), st.integers(-5, 50))
def test_whatever_an_alert_holds_slack_takes_the_card_and_nobody_is_mentioned(
    parts: list[str], number: float, at: int
) -> None:
    name, title, show, link, surface, snippet, speaker, reason = parts
    heard = mention(
        surface,
        snippet,
        seconds=number,
        score=number,
        speaker=speaker,
        reason=reason,
        snippet_start=at,
        kind=Kind.SOUNDS_LIKE,
    )
    said = alert(heard, mention(), watch=watch(name=name), episode=episode(title=title, show=show, link=link))
    blocks = card.blocks(said)
    assert over_limit(blocks) == ""
    assert json_size(blocks) < MAX_MESSAGE_BYTES
    assert not any(FORBIDDEN.search(e["text"]) for e in [blocks[0]["text"], *elements(blocks)])
    assert not any(FORBIDDEN.search(line) for line in card.text(said).split("\n"))
