"""Names that were heard as several words, and words that are only that: a table for each kind.

[Brackets] hold what must be found, all of it; nothing else may be.
"""

from __future__ import annotations

import re

import pytest

from podwatch.phonetics import NameMatcher, WatchedName
from tests.phonetics.name_samples import FILLER

# text: (the name, its type)
BEHIND_FIRST_NAME = {
    "I'm [Brian kill me] and I am late.": ("Brian Kilmeade", "person"),
    "And then [Brian Kil Mead] said it was fine.": ("Brian Kilmeade", "person"),
    "Congresswoman [Rashida the lab] spoke next.": ("Rashida Tlaib", "person"),
    "Congress heard from [Rashida to leave] about the vote.": ("Rashida Tlaib", "person"),
    "Secretary [Pete Buddha judge] was asked about the trains.": ("Pete Buttigieg", "person"),
    "Our guest is [time in Blunk of War], who works on chips.": ("Tijmen Blankevoort", "person"),
    "A film with [Timothy shall a may] was on last night.": ("Timothée Chalamet", "person"),
    "The governor [Ron the Santas] signed it.": ("Ron DeSantis", "person"),
    "The governor [Ron to Santis] signed it.": ("Ron DeSantis", "person"),
    "And [Gavin new some] has said no.": ("Gavin Newsom", "person"),
    "That was [Vivek Rama Swami] on the stage.": ("Vivek Ramaswamy", "person"),
    "They met [Gretchen wit mer] in Detroit.": ("Gretchen Whitmer", "person"),
    "We heard [Pramila jaya pal] say it.": ("Pramila Jayapal", "person"),
    "The race of [Andrew quo mo] goes on.": ("Andrew Cuomo", "person"),
    "Then [Lauren bow bert] stood up.": ("Lauren Boebert", "person"),
    "When [Sam all man] was fired, we laughed.": ("Sam Altman", "person"),
    "When [Sam alt man] was fired, we laughed.": ("Sam Altman", "person"),
    "The talk by [Satya nod ella] was good.": ("Satya Nadella", "person"),
    "The talk by [Sundar pitch I] was good.": ("Sundar Pichai", "person"),
    "What [Dario a modest] wrote is long.": ("Dario Amodei", "person"),
    "What [Dario ammo day] wrote is long.": ("Dario Amodei", "person"),
    "We asked [Geoffrey hint on] about it.": ("Geoffrey Hinton", "person"),
    "We asked [Yoshua Ben geo] about it.": ("Yoshua Bengio", "person"),
    "Then [Greg brock man] left.": ("Greg Brockman", "person"),
    "So [Kash pa tell] is in charge.": ("Kash Patel", "person"),
    "So [Dan bon gino] is in charge.": ("Dan Bongino", "person"),
    "So [Zohran mom Donny] is in charge.": ("Zohran Mamdani", "person"),
    "The governor [Josh show pyro] agreed.": ("Josh Shapiro", "person"),
    "Senator [Amy club a char] agreed.": ("Amy Klobuchar", "person"),
    "Senator [Kirsten jilly brand] agreed.": ("Kirsten Gillibrand", "person"),
    "We saw [Mark sucker berg] surfing.": ("Mark Zuckerberg", "person"),
    "The envoy [Steve wit cough] landed.": ("Steve Witkoff", "person"),
    "I like [Nikki hail he] a lot.": ("Nikki Haley", "person"),
    "They met [Sergei lover off] in Moscow.": ("Sergei Lavrov", "person"),
    "The death of [Alexei naval knee] was news.": ("Alexei Navalny", "person"),
    "They met [Naftali been it] in Haifa.": ("Naftali Bennett", "person"),
    "They met [Narendra mow d] in Delhi.": ("Narendra Modi", "person"),
    "They met [Benjamin nettin yahoo] in Delhi.": ("Benjamin Netanyahu", "person"),
}
THREE_WORDS = {
    "They met [Volodymyr sell in ski] in Kyiv.": ("Volodymyr Zelensky", "person"),
    "The mayor [Bill the blah see oh] left.": ("Bill de Blasio", "person"),
    "They met [Antony blink in] in Kyiv.": ("Antony Blinken", "person"),
}
FIRST_NAME_SPLIT = {
    "That was [comma la Harris] on the stage.": ("Kamala Harris", "person"),
}
BOTH_SPLIT = {
    "Our guest is [Andre car Pathy] of Tesla.": ("Andrej Karpathy", "person"),
}
COMPANIES = {
    "He put the [neural link] into a brain.": ("Neuralink", "company"),
    "He founded [neuro link] and sold it.": ("Neuralink", "company"),
    "We drew it with [mid journey] today.": ("Midjourney", "company"),
    "We took a [way Mo] to the park.": ("Waymo", "company"),
    "We wrote it in [pie torch] last year.": ("PyTorch", "product"),
    "We wrote it in [pie torch] last year. And [pi torch] is fast.": ("PyTorch", "product"),
    "We wrote it in [tensor flow] last year.": ("TensorFlow", "product"),
    "She works for [data bricks] in Boston.": ("Databricks", "company"),
    "We keep it in [snow flake] today.": ("Snowflake", "company"),
    "We keep it at [coin base] today.": ("Coinbase", "company"),
    "We order it with [door dash] today.": ("DoorDash", "company"),
    "The model of [deep seek] is cheap.": ("DeepSeek", "company"),
    "The model of [an tropic] is good.": ("Anthropic", "company"),
    "The model of [anthro pick] is good.": ("Anthropic", "company"),
    "The chips of [en vidia] are sold out.": ("Nvidia", "company"),
    "We hear it on [spot if I] today.": ("Spotify", "company"),
    "We run it on [Cooper Netties] today.": ("Kubernetes", "product"),
    "The missiles of [ray the on] are sold.": ("Raytheon", "company"),
    "The fighters of [Hez bola] left.": ("Hezbollah", "company"),
    "The bank is called [new bank] there.": ("Nubank", "company"),
    "The oil of [petrol brass] is sold.": ("Petrobras", "company"),
    "The copper of [code Elko] is sold.": ("Codelco", "company"),
    "We asked [per plexity] about it.": ("Perplexity", "company"),
    "We fixed it with [grammar Lee] today.": ("Grammarly", "company"),
    "We built it with [lang chain] today.": ("LangChain", "product"),
    "We built it with [num pie] today.": ("NumPy", "product"),
}
PLACES = {
    "They fled from [back moot] by bus.": ("Bakhmut", "place"),
    "They fled from [Dar four] by bus.": ("Darfur", "place"),
    "They fled from [car tomb] by bus.": ("Khartoum", "place"),
    "The war in [tea gray] was cruel.": ("Tigray", "place"),
}
ALONE = {
    "That is what [Rama Swami] said.": ("Vivek Ramaswamy", "person"),
    "That is what president [Zelen ski] said.": ("Volodymyr Zelensky", "person"),
    "That is what [Zucker berg] said.": ("Mark Zuckerberg", "person"),
    "That is what Congresswoman [Jaya Pal] said.": ("Pramila Jayapal", "person"),
    "The policy of president [Erd again] is clear.": ("Recep Tayyip Erdogan", "person"),
}
NAMED_ELSEWHERE = {
    "[Satya Nadella] came. Then [nod Ella] spoke.": ("Satya Nadella", "person"),
}
LOWER_CASE = {
    "i'm [brian kill me] and i am late.": ("Brian Kilmeade", "person"),
    "the talk by [satya nod ella] was good": ("Satya Nadella", "person"),
    "he put the [neural link] into a brain": ("Neuralink", "company"),
    "we wrote it in [pie torch] last year": ("PyTorch", "product"),
}
OVER_SEGMENTS = {
    "I'm [Brian kill\nme] and I am late.": ("Brian Kilmeade", "person"),
    "He put the [neural\nlink] into a brain.": ("Neuralink", "company"),
}
ONLY_WORDS = {
    "He said they kill me every time.": ("Brian Kilmeade", "person"),
    "Brian came and kissed me.": ("Brian Kilmeade", "person"),
    "Brian killed me with that joke.": ("Brian Kilmeade", "person"),
    "Rashida wants to leave early.": ("Rashida Tlaib", "person"),
    "They had to leave and Rashida stayed.": ("Rashida Tlaib", "person"),
    "A Buddha judges nobody, Pete said.": ("Pete Buttigieg", "person"),
    "Ron, the Santa was late.": ("Ron DeSantis", "person"),
    "We need new some day.": ("Gavin Newsom", "person"),
    "Sam, all men are equal.": ("Sam Altman", "person"),
    "Sam and all many of us went.": ("Sam Altman", "person"),
    "All men went home.": ("Sam Altman", "person"),
    "Marco will rub you the wrong way.": ("Marco Rubio", "person"),
    "Nikki, hail to the chief.": ("Nikki Haley", "person"),
    "Antony, blink if you can hear me.": ("Antony Blinken", "person"),
    "Naftali has been it all along.": ("Naftali Bennett", "person"),
    "I mow the lawn.": ("Narendra Modi", "person"),
    "We put in a lot of work. They had put in the hours.": ("Vladimir Putin", "person"),
    "Vladimir put it on the table.": ("Vladimir Putin", "person"),
    "Mike wants to go.": ("Mike Waltz", "person"),
    "They dance a lot.": ("JD Vance", "person"),
    "Her hair is red.": ("Kamala Harris", "person"),
    "Kamala, her is the wrong word.": ("Kamala Harris", "person"),
    "It was half way, more or less.": ("Waymo", "company"),
    "That is way more than I thought.": ("Waymo", "company"),
    "It is way more fun. There are way more people now.": ("Waymo", "company"),
    "A neural network links words.": ("Neuralink", "company"),
    "We sat on a black rock.": ("BlackRock", "company"),
    "It was shown in video form. You saw it in videos.": ("Nvidia", "company"),
    "They showed that in video after video.": ("Nvidia", "company"),
    "He went to the door dashing.": ("DoorDash", "company"),
    "The hood of Robin is green.": ("Robinhood", "company"),
    "A ray, the only one, fell.": ("Raytheon", "company"),
    "There we go very slowly. Here we go.": ("Wegovy", "product"),
    "A modern art show.": ("Moderna", "company"),
    "There are the four doors.": ("Darfur", "place"),
    "She loves her son. Her son is six.": ("Kherson", "place"),
    "They sat in the car too long.": ("Khartoum", "place"),
    "A leopard ran.": ("Aleppo", "place"),
    "Marry your pal.": ("Mariupol", "place"),
    "There is nothing to lose here. We have a lot to lose.": ("Toulouse", "place"),
    "Jen in the office said so.": ("Jenin", "place"),
    "A raffle was held.": ("Rafah", "place"),
    "Made by you and by two others.": ("Baidu", "company"),
    "It was written in post.": ("InPost", "company"),
    "A pal and tears.": ("Palantir", "company"),
    "They keep good op sec in the field.": ("DeepSeek", "company"),
    "He has bowls.": ("Hezbollah", "company"),
    "So Ron and mom donate.": ("Zohran Mamdani", "person"),
    "At that time in the bank of war bonds.": ("Tijmen Blankevoort", "person"),
    "She can tan.": ("Ketanji Brown Jackson", "person"),
    "In the arena very few shook hands.": ("Iryna Vereshchuk", "person"),
    "So a team Jeff is in left.": ("Hakeem Jeffries", "person"),
    "My crown is heavy.": ("Emmanuel Macron", "person"),
    "Benny can't say.": ("Benny Gantz", "person"),
    "The games went on.": ("Letitia James", "person"),
    "Kristi, no. Um, I knew him.": ("Kristi Noem", "person"),
    "Roe can a lot.": ("Ro Khanna", "person"),
    "Elon must go.": ("Elon Musk", "person"),
    "Elon asks a lot.": ("Elon Musk", "person"),
    "Joe mentioned it.": ("Joe Manchin", "person"),
    "Will heard of it.": ("Will Hurd", "person"),
    "Mark call Lee.": ("Mark Kelly", "person"),
    "Jack, door see.": ("Jack Dorsey", "person"),
    "Tim could cook.": ("Tim Cook", "person"),
    "Be frank, lamp hard.": ("Frank Lampard", "person"),
}
CASES = {
    **BEHIND_FIRST_NAME,
    **THREE_WORDS,
    **FIRST_NAME_SPLIT,
    **BOTH_SPLIT,
    **COMPANIES,
    **PLACES,
    **ALONE,
    **NAMED_ELSEWHERE,
    **LOWER_CASE,
    **OVER_SEGMENTS,
    **ONLY_WORDS,
}


@pytest.mark.parametrize("text", CASES)
def test_words_are_a_name_where_hardly_a_sentence_says_them(text: str) -> None:
    name, kind = CASES[text]
    said = re.sub(r"[\[\]]", "", text)
    said += FILLER if any(c.isupper() for c in said) else FILLER.lower()
    found = NameMatcher([WatchedName(name, type=kind)]).find_matches(said)
    assert [said[m.start : m.end] for m in found] == re.findall(r"\[(.*?)\]", text, re.DOTALL)


@pytest.mark.parametrize("text", ONLY_WORDS)
def test_words_are_only_that_in_captions_without_capitals(text: str) -> None:
    name, kind = CASES[text]
    assert NameMatcher([WatchedName(name, type=kind)]).find_matches((text + FILLER).lower()) == []


# text: what the reason says
HEARD = {
    "I'm Brian kill me and I am late.": "heard as 'kill me'",
    "He put the Neural Link into a brain.": "heard as 'neural link'",
    "Brian Kilmead came.": None,
    "Brian Kilmeade came.": None,
}


@pytest.mark.parametrize("text", HEARD)
def test_the_reason_says_as_what_words_a_name_was_heard(text: str) -> None:
    names = [WatchedName("Brian Kilmeade", type="person"), WatchedName("Neuralink", type="company")]
    (match,) = NameMatcher(names).find_matches(text + FILLER)
    expected = HEARD[text]
    assert "heard as" not in match.reason if expected is None else expected in match.reason


def test_an_excluded_split_is_no_match() -> None:
    name = WatchedName("Brian Kilmeade", type="person", excluded=("Brian kill me",))
    assert NameMatcher([name]).find_matches("I'm Brian kill me and I am late." + FILLER) == []
