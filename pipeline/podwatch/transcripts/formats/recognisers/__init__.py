"""RECOGNISERS: the JSON of speech recognition and of transcript editors that is no plain list of segments.

Each is a name, whether a JSON value has its shape, and how its words, times and speakers are read. A shape is told by
what only it has, further fields do not matter; what has no shape of these is refused in one line by choose_format.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from podwatch.transcripts.formats.recognisers import (
    cloud_services,
    google_speech,
    phrase_services,
    speech_toolkits,
    transcript_editors,
    word_services,
)
from podwatch.transcripts.formats.segment_columns import Columns


class Recogniser(NamedTuple):
    """looks_like: of a JSON value; parse: of one that looks so."""

    name: str
    looks_like: Callable[[Any], bool]
    parse: Callable[[Any], Columns]


RECOGNISERS = (
    Recogniser("whisper-cpp", speech_toolkits.looks_like_whisper_cpp, speech_toolkits.parse_whisper_cpp),
    Recogniser("hugging-face", speech_toolkits.looks_like_chunks, speech_toolkits.parse_chunks),
    Recogniser("aws-transcribe", cloud_services.looks_like_aws, cloud_services.parse_aws),
    Recogniser("azure-speech", cloud_services.looks_like_azure, cloud_services.parse_azure),
    Recogniser("watson", cloud_services.looks_like_watson, cloud_services.parse_watson),
    Recogniser("speechmatics", word_services.looks_like_speechmatics, word_services.parse_speechmatics),
    Recogniser("rev-ai", word_services.looks_like_rev, word_services.parse_rev),
    Recogniser("elevenlabs", word_services.looks_like_elevenlabs, word_services.parse_elevenlabs),
    Recogniser("soniox", word_services.looks_like_soniox, word_services.parse_soniox),
    Recogniser("gladia", phrase_services.looks_like_gladia, phrase_services.parse_gladia),
    Recogniser("premiere", phrase_services.looks_like_premiere, phrase_services.parse_premiere),
    Recogniser("google-speech", google_speech.looks_like_google, google_speech.parse_google),
    Recogniser("vosk", speech_toolkits.looks_like_vosk, speech_toolkits.parse_vosk),
    Recogniser("bbc-kaldi", speech_toolkits.looks_like_bbc_kaldi, speech_toolkits.parse_bbc_kaldi),
    Recogniser("gentle", speech_toolkits.looks_like_gentle, speech_toolkits.parse_gentle),
    Recogniser("paper-edit", transcript_editors.looks_like_paper_edit, transcript_editors.parse_paper_edit),
    Recogniser("otter", transcript_editors.looks_like_otter, transcript_editors.parse_otter),
    Recogniser("draft-js", transcript_editors.looks_like_draft, transcript_editors.parse_draft),
    Recogniser("slate", transcript_editors.looks_like_slate, transcript_editors.parse_slate),
    Recogniser("text-and-words", speech_toolkits.looks_like_text_and_words, speech_toolkits.parse_text_and_words),
    Recogniser("bare-text", speech_toolkits.looks_like_bare_text, speech_toolkits.parse_bare_text),
)
