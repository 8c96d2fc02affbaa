"""What comes of decoding a file: its samples, or the error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from podwatch.errors import SpeechError
from podwatch.speech.decoding import open_audio


def hear(path: Path, max_hours: float = 1.0) -> NDArray[np.float32]:
    with open_audio(path, max_hours=max_hours) as audio:
        return np.concatenate(list(audio))


def error_of(path: Path, max_hours: float = 1.0) -> SpeechError:
    with pytest.raises(SpeechError) as e:
        hear(path, max_hours)
    assert len(e.value.line) < 300
    return e.value


def try_to_hear(path: Path) -> NDArray[np.float32] | str:
    """The samples, or the line of the error."""
    try:
        return hear(path)
    except SpeechError as e:
        return e.line
