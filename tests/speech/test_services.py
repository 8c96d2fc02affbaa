"""Services that hear: what is sent to them, what is read of their answers, and what their failures mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from podwatch.errors import RecogniserError, SpeechError
from podwatch.settings import Secret, Settings
from podwatch.speech import service
from podwatch.speech.language_names import language_code
from podwatch.speech.recognisers import SAMPLE_RATE, Recogniser, deepgram, openai_service
from podwatch.speech.recognisers.deepgram import Deepgram, fitting_keyterms
from podwatch.speech.recognisers.openai_service import OpenAiService, read_answer
from podwatch.speech.service import encode_flac
from podwatch.speech.transcribing import chunk_seconds, to_transcript
from tests.support.speech_services import KEY, SEGMENTS, SpeechServer

NOISE = np.random.default_rng(7).normal(0, 0.1, 4 * SAMPLE_RATE).clip(-1, 1).astype(np.float32)


@pytest.fixture
def server() -> Iterator[SpeechServer]:
    with SpeechServer() as running:
        yield running


OPENED: list[OpenAiService | Deepgram] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def with_service(settings: Settings, server: SpeechServer, model: str, key: str = KEY) -> Settings:
    return replace(settings, speech=replace(settings.speech, url=server.url, key=Secret(key), model=model))


def openai(settings: Settings, server: SpeechServer, model: str = "whisper-1", key: str = KEY) -> OpenAiService:
    opened = OpenAiService(with_service(settings, server, model, key), sleep=lambda seconds: None)
    OPENED.append(opened)
    return opened


def nova(settings: Settings, server: SpeechServer, model: str = "nova-3", key: str = KEY) -> Deepgram:
    opened = Deepgram(with_service(settings, server, model, key), sleep=lambda seconds: None)
    OPENED.append(opened)
    return opened


SERVICES: dict[str, Callable[[Settings, SpeechServer], Recogniser]] = {"openai": openai, "deepgram": nova}


def test_the_audio_arrives_whole_and_without_loss(settings: Settings, server: SpeechServer) -> None:
    openai(settings, server).recognise(NOISE, language="en")
    nova(settings, server).recognise(NOISE, language="en")
    assert [r.seconds for r in server.requests] == [4.0, 4.0]
    assert [r.path for r in server.requests] == ["/v1/audio/transcriptions", "/v1/listen"]


def test_the_longest_chunk_of_noise_fits_into_the_25_mb_of_openai() -> None:
    minute = np.random.default_rng(1).uniform(-1, 1, 60 * SAMPLE_RATE).astype(np.float32)
    assert len(encode_flac(minute)) * openai_service.TIMED_SECONDS / 60 < 25_000_000


def test_openai_is_asked_for_words_and_gives_them_with_punctuation(settings: Settings, server: SpeechServer) -> None:
    heard = openai(settings, server).recognise(NOISE, language=None)
    assert [(s.start, s.end, s.text) for s in heard.segments] == [s[:3] for s in SEGMENTS]
    assert [w.text for w in heard.segments[1].words] == ["Which", "ones"]
    assert heard.language == "en"
    transcript = to_transcript([heard], source="speech")
    assert transcript.text == "Two ships with grain left. Which ones?"
    assert transcript.time_at(transcript.text.index("ones")) == (2.9, True)


def test_words_that_stand_in_their_segments_are_read_with_their_probabilities(settings: Settings) -> None:
    with SpeechServer(nested=True) as server:
        heard = openai(settings, server).recognise(NOISE, language="en")
    assert [w.probability for w in heard.segments[1].words] == [0.9, 0.9]


def test_a_server_without_word_times_gives_those_of_segments(settings: Settings, server: SpeechServer) -> None:
    server.words = False
    service = openai(settings, server)
    for _ in range(2):
        heard = service.recognise(NOISE, language="en")
        assert [(s.start, s.words) for s in heard.segments] == [(0.5, ()), (2.6, ())]
    assert len(server.requests) == 3, "what was refused once is not asked for again"


def test_a_server_that_knows_only_json_gives_a_text_over_the_chunk(settings: Settings) -> None:
    with SpeechServer(knows=("json",)) as server:
        heard = openai(settings, server).recognise(NOISE, language=None)
    assert [(s.start, s.end, s.text) for s in heard.segments] == [(0.0, 4.0, "Two ships with grain left. Which ones?")]
    assert heard.language == "en"


def test_models_without_times_get_short_chunks(settings: Settings, server: SpeechServer) -> None:
    assert chunk_seconds(openai(settings, server, "gpt-transcribe"))[1] == openai_service.UNTIMED_SECONDS
    assert chunk_seconds(openai(settings, server, "whisper-1")) == (300.0, 360.0)
    openai(settings, server, "gpt-transcribe").recognise(NOISE, language="en")
    assert server.requests[-1].field("response_format") == "json"


def test_a_model_that_diarises_gives_speakers_and_gets_long_chunks(settings: Settings) -> None:
    with SpeechServer(knows=("diarized_json", "json")) as server:
        service = openai(settings, server, "gpt-4o-transcribe-diarize")
        heard = service.recognise(NOISE, language=None, hints=["Marta Quill"])
    assert [s.speaker for s in heard.segments] == ["A", "B"]
    assert service.tells_speakers
    assert server.requests[-1].field("chunking_strategy") == "auto"
    assert server.requests[-1].field("prompt") is None, "it takes none"


def test_names_go_to_openai_as_prompt_and_to_deepgram_as_keyterms(settings: Settings, server: SpeechServer) -> None:
    hints = ["Anatoly Dobrynin", "Marta Quill"]
    openai(settings, server).recognise(NOISE, language="en", hints=hints)
    nova(settings, server).recognise(NOISE, language="en", hints=hints)
    nova(settings, server, "nova-2").recognise(NOISE, language="en", hints=hints)
    prompted, keyed, without = server.requests
    assert prompted.field("prompt") == "Anatoly Dobrynin, Marta Quill"
    assert [v for k, v in keyed.fields if k == "keyterm"] == hints
    assert [v for k, v in without.fields if k == "keyterm"] == [], "older models know none"


def test_no_more_keyterms_are_sent_than_deepgram_takes() -> None:
    assert len(fitting_keyterms([f"Name {i}" for i in range(500)])) == deepgram.MAX_KEYTERMS
    assert sum(map(len, fitting_keyterms(["x" * 400] * 9))) <= deepgram.MAX_KEYTERM_CHARACTERS


def test_deepgram_gives_speakers_and_confidences(settings: Settings, server: SpeechServer) -> None:
    heard = nova(settings, server).recognise(NOISE, language=None)
    assert [(s.speaker, s.text) for s in heard.segments] == [
        ("Speaker 1", "Two ships with grain left."),
        ("Speaker 2", "Which ones?"),
    ]
    assert {w.probability for s in heard.segments for w in s.words} == {0.97}
    asked = server.requests[-1]
    assert (asked.field("detect_language"), asked.field("diarize"), asked.field("smart_format")) == ("true",) * 3


def test_a_language_that_is_known_is_sent(settings: Settings, server: SpeechServer) -> None:
    for recogniser in (openai(settings, server), nova(settings, server)):
        assert recogniser.recognise(NOISE, language="de").language == "de"
        assert server.requests[-1].field("language") == "de"
        assert server.requests[-1].field("detect_language") is None


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize(
    ("status", "body", "retryable", "said"),
    [
        (401, {"err_code": "INVALID_AUTH", "err_msg": f"Invalid: {KEY}"}, False, r"refuses the key \(401: Invalid: \*\*\*\) - check PODWATCH_SPEECH_KEY"),
        (403, {}, False, r"refuses the key \(403\)"),
        (402, {"err_code": "ASR_PAYMENT_REQUIRED", "err_msg": "Project does not have enough credits"}, False, "no credit left"),
        (429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}, False, "no credit left"),
        (429, {"error": {"message": "Slow down", "code": "rate_limit_exceeded"}}, True, "asks for fewer requests"),
        (404, {"detail": "Not Found"}, False, "check PODWATCH_SPEECH_URL and PODWATCH_SPEECH_MODEL"),
        (408, b"", True, "a failure of its own"),
        (500, b"<html>oops</html>", True, "a failure of its own"),
        (503, {"message": "no capacity"}, True, "no capacity"),
        (302, b"", False, "set PODWATCH_SPEECH_URL to where it leads"),
        (413, {"error": {"message": "Maximum content size limit exceeded"}}, False, "content size limit"),
        (200, b"<html>welcome</html>", True, "no JSON object"),
        (200, b"[1, 2]", True, "no JSON object"),
    ],
)  # fmt: skip
def test_a_failure_says_what_to_do_and_whether_to_try_again(
    name: str, status: int, body: object, retryable: bool, said: str, settings: Settings, server: SpeechServer
) -> None:
    for _ in range(9):
        server.fail_next(status, body)
    with pytest.raises(SpeechError, match=said) as e:
        SERVICES[name](settings, server).recognise(NOISE, language="en")
    assert e.value.retryable is retryable
    assert isinstance(e.value, RecogniserError) is (status in (302, 401, 402, 403, 404) or "no credit" in said)
    assert KEY not in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("name", SERVICES)
def test_a_busy_service_is_waited_for_as_long_as_it_asks(name: str, settings: Settings, server: SpeechServer) -> None:
    waits: list[float] = []
    build = OpenAiService if name == "openai" else Deepgram
    model = "whisper-1" if name == "openai" else "nova-3"
    service = build(with_service(settings, server, model), sleep=waits.append)
    server.fail_next(429, b"", Retry_After="7")
    server.fail_next(503)
    OPENED.append(service)
    assert service.recognise(NOISE, language="en").segments
    assert waits == [7.0, 2.0]


@pytest.mark.parametrize("name", SERVICES)
def test_a_longer_wait_leaves_the_chunk_for_another_run(name: str, settings: Settings, server: SpeechServer) -> None:
    server.fail_next(429, b"", Retry_After="3600")
    with pytest.raises(SpeechError, match="to be asked again in 3600 s") as e:
        SERVICES[name](settings, server).recognise(NOISE, language="en")
    assert e.value.retryable
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_that_is_gone_is_tried_again_another_time(name: str, settings: Settings) -> None:
    with SpeechServer() as server:
        service = SERVICES[name](settings, server)
    with pytest.raises(SpeechError) as e:
        service.recognise(NOISE, language="en")
    assert e.value.retryable
    assert KEY not in str(e.value)


@pytest.mark.parametrize("name", SERVICES)
def test_an_internal_address_has_to_be_allowed(name: str, settings: Settings, server: SpeechServer) -> None:
    with pytest.raises(SpeechError, match="PODWATCH_ALLOW_ADDRESSES"):
        SERVICES[name](replace(settings, allow_addresses=()), server).recognise(NOISE, language="en")
    assert server.requests == []


def test_an_answer_without_end_is_not_read(
    settings: Settings, server: SpeechServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_ANSWER", 1000)
    server.fail_next(200, b"[" * 100_000)
    with pytest.raises(SpeechError, match="its answer is larger than 1,000 bytes"):
        openai(settings, server).recognise(NOISE, language="en")


def test_no_request_is_made_without_a_key(settings: Settings) -> None:
    for build in (OpenAiService, Deepgram):
        with pytest.raises(SpeechError, match="PODWATCH_SPEECH_KEY: is not set"):
            build(settings)


def test_a_server_of_the_teams_own_needs_no_key(settings: Settings, server: SpeechServer) -> None:
    with pytest.raises(SpeechError, match="refuses the key"):  # this one does, but it is asked without one
        openai(settings, server, key="").recognise(NOISE, language="en")
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("", "https://api.openai.com/v1/audio/transcriptions"),
        ("http://host:8000", "http://host:8000/v1/audio/transcriptions"),
        ("http://host/v1/", "http://host/v1/audio/transcriptions"),
        ("https://host/x/audio/transcriptions?api-version=1", "https://host/x/audio/transcriptions?api-version=1"),
    ],
)
def test_the_address_may_be_that_of_the_host(given: str, asked: str) -> None:
    assert openai_service.endpoint(given) == asked


@pytest.mark.parametrize(
    ("given", "asked"),
    [("", deepgram.DEEPGRAM), ("https://api.eu.deepgram.com", "https://api.eu.deepgram.com/v1/listen")],
)
def test_the_address_may_be_that_of_a_region(given: str, asked: str) -> None:
    assert deepgram.endpoint(given) == asked


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"text": None},
        {"text": "Ja.", "segments": [{"text": 5, "start": "x"}], "words": [{"word": "Ja", "start": None}]},
        {"text": "Ja.", "segments": [{"text": "Ja.", "start": -3, "end": 1e99, "words": [{}, None, {"word": ""}]}]},
        {"segments": {"a": 1}, "words": "Ja", "language": 7, "languages": [None]},
        {"text": "Ja.", "words": [{"word": "Ja", "start": float("nan"), "end": -1}]},
    ],
)
def test_an_answer_that_lacks_what_it_should_have_is_read_as_far_as_it_goes(answer: dict[str, object]) -> None:
    heard = read_answer(answer, 4.0, None)
    assert all(0 <= s.start <= s.end <= 4.0 and s.text for s in heard.segments)
    assert to_transcript([heard], source="speech").text in ("", "Ja.")


@pytest.mark.parametrize(
    "answer",
    [{}, {"results": None}, {"results": {"channels": []}}, {"results": {"channels": [{}]}}, {"results": {"channels": [{"alternatives": [{"words": [{"word": 3}, {"word": "ja", "speaker": "x"}]}]}]}}],
)  # fmt: skip
def test_what_deepgram_leaves_out_breaks_nothing(answer: dict[str, object]) -> None:
    try:
        heard = deepgram.read_answer(answer, 4.0, None)
    except SpeechError as e:
        assert e.retryable  # noqa: PT017
    else:
        assert [s.text for s in heard.segments] in ([], ["ja"])


def test_segments_that_whisper_takes_for_silence_are_left_out() -> None:
    silent = {"text": "Thank you.", "start": 0, "end": 2, "no_speech_prob": 0.9, "avg_logprob": -1.4}
    assert read_answer({"text": "Thank you.", "segments": [silent]}, 4.0, "en").segments == ()


@pytest.mark.parametrize(
    ("said", "code"),
    [("english", "en"), ("English", "en"), ("en", "en"), ("en-US", "en"), ("pt_BR", "pt"), ("haitian creole", "ht"), ("yue", "yue"), ("iw", "he"), ("nb-NO", "no"), ("javanese", "jv"), ("zh_Hant", "zh"), ("??", None), ("", None)],
)  # fmt: skip
def test_a_language_has_one_code_however_it_is_written(said: str, code: str | None) -> None:
    assert language_code(said) == code
