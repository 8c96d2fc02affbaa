"""The sentences around the names: short passages like talk on news, business, science, sport and places.

Train and tune draw from one half of the sentences, test from the other, so neither a name nor its sentence was seen.
A passage about a person has the full name with a role, then the bare surname; one in four begins with the surname, like
talk among people who follow the news. None of the names of names.txt stands in a sentence.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.sounds_like.names import Split, Subject

ROLES = {
    "politics": ("prime minister", "foreign minister", "president", "defence minister", "opposition leader", "senator"),
    "business": ("chief executive", "billionaire founder", "chairman of the company", "investor"),
    "science": ("professor", "economist", "author of the new book", "scientist behind the study"),
    "sport": ("world champion", "number one seed", "captain", "medal winner"),
    "culture": ("director", "novelist", "prize winner", "star of the film"),
}

# {full} and {bare} are the name; {role} one of the roles. Each half: for train and tune, for test.
INTRODUCTIONS = (
    (
        "The {role}, {full}, arrived this morning with a large delegation.",
        "We spoke about it last week with {full}, the {role}.",
        "According to {full}, who is the {role}, nothing has been decided yet.",
        "Our guest today is {full}, and I have been looking forward to this one.",
        "There was a phone call with {full} late on Sunday night.",
        "So the {role} {full} gave this long interview to a newspaper.",
        "I want to play you something that {full} said yesterday.",
        "The statement was signed by {full} and two other officials.",
    ),
    (
        "Yesterday the {role}, {full}, told reporters that a decision was close.",
        "Joining us now from the studio is {full}, welcome to the show.",
        "It started when {full}, the {role}, walked out of the meeting.",
        "You may remember that {full} was the {role} who warned about this.",
        "The talks were led by {full} and they lasted for nine hours.",
        "Let us turn to {full}, the {role}, and what happened on Tuesday.",
        "People close to {full} say that the plan is finished.",
        "And then, out of nowhere, {full} published a letter.",
    ),
)
LATER = (
    (
        "I think {bare} knows exactly what this means.",
        "And {bare} said no, which surprised everybody in the room.",
        "That is the position of {bare}, and it has not changed.",
        "But if you listen to {bare}, you hear something different.",
        "The question is whether {bare} can deliver.",
        "You have to ask what {bare} wants out of this.",
        "When {bare} came back, the mood was completely different.",
        "Critics say that {bare}'s plan was never realistic.",
        "It was {bare} who made the first move.",
        "They trust {bare} more than they trust anyone else there.",
    ),
    (
        "My guess is that {bare} will wait until the summer.",
        "Nobody expected {bare} to agree so quickly.",
        "He met with {bare} twice, and both times it went badly.",
        "What {bare} told them in private is another matter.",
        "Then {bare} stood up and left.",
        "In the end this is about {bare} and about money.",
        "I would not bet against {bare} at this point.",
        "It is {bare}'s biggest problem right now.",
        "So is {bare} right about that? I am not so sure.",
        "There is a lot of pressure on {bare} from his own side.",
    ),
)
COMPANIES = (
    (
        "Shares of {full} fell by six percent after the results.",
        "The regulator has opened an investigation into {full}.",
        "I used to work for {full} before I started this company.",
        "The contract went to {full}, and it is worth four billion.",
        "Sanctions against {full} were announced in the afternoon.",
        "Everybody is talking about {full} and its new factory.",
        "Analysts at the bank say that {full} is overvalued.",
        "Last year {full} bought its biggest competitor.",
    ),
    (
        "Profits at {full} have doubled within a year.",
        "The deal between {full} and the government is off.",
        "Workers at {full} have been on strike since Monday.",
        "What does {full} do that the others cannot?",
        "They sold their stake in {full} to a pension fund.",
        "The engineers left {full} and founded their own firm.",
        "There is a lawsuit against {full} in three countries.",
        "If you own stock in {full}, this matters to you.",
    ),
)
PLACES = (
    (
        "The fighting around {full} has become much worse this week.",
        "She was born in {full} and grew up by the river.",
        "A delegation flew to {full} for the second round of talks.",
        "There were large protests in {full} over the weekend.",
        "The road to {full} has been closed since the storm.",
        "We recorded this episode in {full}, so forgive the noise.",
        "Thousands of people have left {full} in the last few days.",
        "The mayor of {full} asked for help.",
    ),
    (
        "An explosion was heard near {full} early in the morning.",
        "Officials from both sides will meet in {full} on Thursday.",
        "The new factory in {full} will employ two thousand people.",
        "I spent three years in {full} as a correspondent.",
        "Trains between the capital and {full} are delayed.",
        "If {full} falls, the whole front line moves.",
        "The airport of {full} was shut for several hours.",
        "Investors are suddenly interested in {full}.",
    ),
)
FILLERS = (
    (
        "And that is where we are.",
        "Now, this is important.",
        "I mean, you can see why people are nervous.",
        "Let me give you some background.",
        "Right, exactly.",
        "It has been going on for months.",
    ),
    (
        "So that is the situation.",
        "And I want to be careful here.",
        "Yeah, that makes sense.",
        "We will come back to this later.",
        "Nobody really knows how it ends.",
        "It was all over the papers.",
    ),
)


@dataclass(frozen=True, slots=True)
class NameSpan:
    """The span of a name in a passage: characters, half-open. ``form``: full, or surname for the bare one."""

    start: int
    end: int
    form: str
    spoken: str  # its respelling, which a voice is given


@dataclass(frozen=True, slots=True)
class Passage:
    """Some sentences about one name, and where they have it."""

    subject: Subject
    text: str
    name_spans: tuple[NameSpan, ...]


def write_passage(subject: Subject, split: Split, chance: random.Random) -> Passage:
    """Three or four sentences about a name; the same ones for the same ``chance``."""
    half = 1 if split == "test" else 0
    if subject.type == "person":
        lines = chance.sample(LATER[half], 3)
        if chance.random() < 0.75:
            lines = [chance.choice(INTRODUCTIONS[half]), *lines[:2]]
    else:
        lines = chance.sample((COMPANIES if subject.type == "company" else PLACES)[half], 2)
    lines.insert(chance.randrange(1, len(lines) + 1), chance.choice(FILLERS[half]))
    role = chance.choice(ROLES.get(subject.role, ("leader",)))
    return _fill_in(subject, [line.replace("{role}", role) for line in lines])


def _fill_in(subject: Subject, lines: Sequence[str]) -> Passage:
    rest, text, name_spans = " ".join(lines), "", []
    while "{" in rest:
        before, _, rest = rest.partition("{")
        field, _, rest = rest.partition("}")
        name, spoken = (
            (subject.name, subject.respelling) if field == "full" else (subject.surname, subject.surname_respelling)
        )
        text += before
        name_spans.append(NameSpan(len(text), len(text) + len(name), _form_of(subject, name), spoken))
        text += name
    return Passage(subject, text + rest, tuple(name_spans))


def _form_of(subject: Subject, name: str) -> str:
    return "full" if name == subject.name else "surname"
