"""How much audio may be heard again, and until when a doubtful name waits for it."""

from __future__ import annotations

import pytest

from podwatch.policy.hearing_schedule import fits, seconds_for

# seconds of talk, with the wider net, seconds of audio
SECONDS = [
    (0.0, False, 60.0),
    (90.0, False, 60.0),
    (3600.0, False, 60.0),
    (3601.0, False, 120.0),
    (90.0, True, 180.0),
    (7200.0, True, 360.0),
]


@pytest.mark.parametrize(("talk", "is_wide", "seconds"), SECONDS)
def test_an_hour_of_talk_has_a_minute_of_audio_heard_again_and_with_the_wider_net_three(
    talk: float, is_wide: bool, seconds: float
) -> None:
    assert seconds_for(talk, is_wide=is_wide) == seconds


def test_audio_fits_where_the_words_around_a_place_are_likely() -> None:
    assert fits(-0.2)
    assert not fits(-7.0)
