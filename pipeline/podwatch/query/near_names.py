"""Says where what is written is itself a name, and one sound away from the watched one: Carlsson, Carlsen.

A recogniser writes a name that it knows where it hears one like it, and its probabilities tell the two no better than
its writing did. There the audio lifts nothing: the text's own judgement stays.
"""

from __future__ import annotations

from functools import lru_cache

NEAR_NATS = 4.5  # of hearing the one as the other: a changed consonant, or vowel, costs some 2


@lru_cache(maxsize=4096)
def is_near_name(surface: str, spelling: str) -> bool:
    """Whether ``surface`` has as many words as ``spelling``, all of them known ones, and sounds nearly the same."""
    from podwatch.phonetics.lexicon import listed_words, look_up_words
    from podwatch.phonetics.name_parts import spoken_words
    from podwatch.phonetics.noisy_channel import encode_words, measure_costs

    written, name = spoken_words(surface.removesuffix("'s")), spoken_words(spelling)
    if not written or len(written) != len(name) or written == name:
        return False
    if not all(word in listed_words() for word in written):
        return False
    entries = look_up_words({*written, *name})
    said, heard = encode_words(name, entries), encode_words(written, entries)
    [(by_phone, by_letter)] = measure_costs([(said, heard)])
    return min(by_phone * len(said[0]), by_letter * len(said[1])) < NEAR_NATS
