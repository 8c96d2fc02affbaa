"""Tries what doctor needs loaded beside the code: language detection, the sandbox, the models for names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType


class MissingModel(Exception):
    """A model that podwatch works without: (what is missing, what to do)."""


def _language() -> str:
    from podwatch.transcripts.language import decide_language

    text = "The president said on Monday that the talks would go on until both sides had agreed on a text. " * 15
    language = decide_language(None, text)
    if language.code != "en":
        raise ValueError(f"takes English for {language.code}")
    return "tells languages apart"


def _sandbox() -> str:
    from podwatch import feeds

    document = (
        b"<rss version='2.0'><channel><title>t</title><item><guid>1</guid><title>x</title></item></channel></rss>"
    )
    if len(feeds.read_feed(document, "doctor").episodes) != 1:
        raise ValueError("does not read a feed")
    return "reads a feed within its limits"


def _names() -> str:
    from podwatch.entities import recognition

    missing = recognition.missing_requirement()
    if missing is not None:
        what, _, todo = missing.partition(" - ")
        raise MissingModel(what, todo)
    found = {e.text for e in recognition.load_model()("Angela Merkel met Emmanuel Macron in Berlin on Monday.").ents}
    if "Angela Merkel" not in found:
        raise ValueError("does not find a name in a sentence")
    return "finds names (spaCy's English model)"


def _phonetics() -> str:
    from podwatch.phonetics import NameMatcher, WatchedName

    text = "The special envoy Steve Whitkoff said so. Later Whitgoff flew to Moscow, and Wit Goff came back."
    if not NameMatcher([WatchedName("Steve Witkoff", type="person")]).find_matches(text):
        raise ValueError("does not hear a misspelt name")
    return "hears misspelt names"


# Name, as doctor prints it -> a function that tries it and returns what it does; it raises MissingModel, or any other
# exception when it is broken.
MODELS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {"language": _language, "sandbox": _sandbox, "names": _names, "ear": _phonetics}
)
