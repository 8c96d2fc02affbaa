"""Signed webhooks: what a receiver gets and can verify, and what each of its answers means for an alert."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import re
import socket
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from podwatch.errors import ChannelError, SettingsError
from podwatch.model import Digest, HoldReason
from podwatch.notifiers import find_channel_mistake
from podwatch.notifiers.webhook import WebhookNotifier
from podwatch.notifiers.webhook_body import MAX_BODY_BYTES, alert_body, digest_body
from podwatch.settings import Secret, Settings, Webhook, parse_networks, parse_webhooks
from tests.support.builders import alert, episode, mention, watch
from tests.support.webhook_receiver import CLOSE, TRICKLE, WebhookReceiver

DOCS = (Path(__file__).resolve().parents[2] / "docs/webhook.md").read_text(encoding="utf-8")
SECRET = "whsec_" + base64.b64encode(b"thirty-two bytes of a real key..").decode()
KEY = "0123456789abcdef"


@pytest.fixture
def reached(tmp_path: Path, receiver: WebhookReceiver) -> Settings:
    return Settings(
        home=tmp_path,
        database_url=Secret("sqlite://"),
        allow_addresses=parse_networks("127.0.0.0/8"),
        webhooks={"desk": Webhook(Secret(receiver.url), Secret(SECRET))},
        webhook_secret=Secret("plain words"),
    )


def failure(settings: Settings, channel: str = "webhook:desk", deadline: float = 5.0) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        WebhookNotifier(settings, deadline).send(alert(channel=channel))
    return caught.value


def test_a_receiver_gets_the_alert_as_json(receiver: WebhookReceiver, reached: Settings) -> None:
    receipt = WebhookNotifier(reached).send(alert(channel="webhook:desk"))
    assert (receipt.channel, receipt.id) == ("webhook:desk", KEY)
    [(headers, content)] = receiver.received
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["idempotency-key"] == headers["webhook-id"] == KEY
    assert headers["user-agent"].startswith("podwatch/")
    found = json.loads(content)
    assert found.pop("text").startswith("dobrynin in “Thirteen days, part 2”")
    [said] = found.pop("mentions")
    assert found == {
        "type": "podwatch.alert",
        "key": KEY,
        "watch": {"name": "dobrynin", "revision": 1},
        "episode": {
            "show": "History Hour",
            "title": "Thirteen days, part 2",
            "published_at": "2024-10-03T06:00:00+00:00",
            "link": "https://history.example/episodes/2",
            "audio_url": "https://cdn.history.example/2.mp3",
            "page": None,
        },
        "mentions_total": 1,
    }
    assert (said["surface"], said["kind"], said["seconds"]) == ("Dobrynin", "entity", 754.6)
    assert said["link"] == "https://cdn.history.example/2.mp3#t=754"


def test_the_body_is_what_the_documentation_shows() -> None:
    [example] = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    assert json.loads(example) == json.loads(alert_body(alert(channel="webhook:desk")))


@pytest.mark.parametrize("secret", [SECRET, "plain words", "whsec_not base64!"])
def test_the_receiver_of_the_documentation_verifies_the_signature_and_no_other(
    secret: str, receiver: WebhookReceiver, reached: Settings
) -> None:
    [code] = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    there: dict[str, Any] = {}
    exec(code, there)
    settings = replace(reached, webhooks={"desk": Webhook(Secret(receiver.url), Secret(secret))})
    WebhookNotifier(settings).send(alert(channel="webhook:desk"))
    [(headers, content)] = receiver.received
    now = float(headers["webhook-timestamp"])
    assert there["verified"](secret, headers, content, now)
    assert not there["verified"]("another", headers, content, now)
    assert not there["verified"](secret, headers, content + b" ", now)
    assert not there["verified"](secret, {**headers, "webhook-id": "x"}, content, now)
    assert not there["verified"](secret, headers, content, now + 301), "an old message may be a replay"
    assert not there["verified"](secret, {**headers, "webhook-signature": "v1,"}, content, now)


def test_the_signature_is_that_of_standard_webhooks(receiver: WebhookReceiver, reached: Settings) -> None:
    WebhookNotifier(reached, clock=lambda: 1_793_600_000.9).send(alert(channel="webhook:desk"))
    [(headers, content)] = receiver.received
    signed = f"{KEY}.1793600000.".encode() + content
    mac = hmac.new(b"thirty-two bytes of a real key..", signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()


def test_an_address_in_the_watchlist_is_a_channel_too_and_its_path_is_never_shown(
    receiver: WebhookReceiver, reached: Settings
) -> None:
    receipt = WebhookNotifier(reached).send(alert(channel=receiver.url))
    assert receipt.channel == "http://127.0.0.1/..."
    receiver.answer_next(404)
    assert "t0ken" not in failure(reached, receiver.url).line


def test_a_digest_is_one_body_with_its_alerts(receiver: WebhookReceiver, reached: Settings) -> None:
    alerts = [alert(key=f"k{n}", channel="webhook:desk") for n in range(3)]
    digest = Digest(key="d1", channel="webhook:desk", alerts=alerts, coverage="listened to 3 of 4 episodes")
    receipt = WebhookNotifier(reached).send_digest(digest)
    [(headers, content)] = receiver.received
    found = json.loads(content)
    assert (receipt.id, headers["webhook-id"], found["type"], found["key"]) == ("d1", "d1", "podwatch.digest", "d1")
    assert [a["key"] for a in found["alerts"]] == ["k0", "k1", "k2"]
    assert (found["alerts_total"], found["why"]) == (3, HoldReason.DIGEST.value)
    assert found["text"].startswith("Digest: 3 alerts from podcasts")
    assert found["coverage"] == "listened to 3 of 4 episodes"


def test_a_digest_of_any_size_stays_within_its_limit() -> None:
    huge = "word 🎧 " * 500
    said = [mention("needle", f"{huge}needle{huge}", start=n) for n in range(50)]
    alerts = [alert(*said, key=f"k{n}", episode=episode(title=huge), watch=watch(name=huge)) for n in range(1500)]
    content = digest_body(Digest(key="d", channel="webhook:desk", alerts=alerts))
    assert len(content) <= MAX_BODY_BYTES
    assert json.loads(content)["alerts_total"] == 1500


OK, ROUTE, LATER, UNKNOWN, DEAD = "ok", "mend", "later", "unknown", "dead"
STATUSES = {
    200: OK, 201: OK, 202: OK, 204: OK,
    301: ROUTE, 302: ROUTE, 307: ROUTE, 308: ROUTE,
    400: DEAD, 406: DEAD, 411: DEAD, 413: DEAD, 415: DEAD, 418: DEAD, 422: DEAD, 431: DEAD, 451: DEAD,
    401: ROUTE, 403: ROUTE, 404: ROUTE, 405: ROUTE, 410: ROUTE,
    408: UNKNOWN, 409: UNKNOWN, 425: UNKNOWN, 429: LATER,
    500: UNKNOWN, 501: UNKNOWN, 502: UNKNOWN, 503: UNKNOWN, 504: UNKNOWN, 599: UNKNOWN,
}  # fmt: skip
VERDICTS = {
    ROUTE: (True, True, False),
    LATER: (True, False, False),
    UNKNOWN: (True, False, True),
    DEAD: (False, False, False),
}


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_has_a_meaning(status: int, receiver: WebhookReceiver, reached: Settings) -> None:
    receiver.answer_next(status, Location="http://127.0.0.1:1/")
    meaning = STATUSES[status]
    if meaning == OK:
        assert WebhookNotifier(reached).send(alert(channel="webhook:desk")).id == KEY
        return
    error = failure(reached)
    assert (error.retryable, error.route, error.outcome_unknown) == VERDICTS[meaning]
    assert error.busy == (meaning in (LATER, UNKNOWN)), "the channel rests, the message is not to blame"
    assert error.line.startswith(f"webhook:desk: the receiver answered {status}")
    assert len(receiver.received) == 1, "a notifier neither retries nor follows"


@pytest.mark.parametrize(("said", "wait"), [("7", 7.0), ("999999999", 3600.0), ("soon", None), ("-1", None)])
def test_the_receivers_wish_to_wait_is_passed_on(
    said: str, wait: float | None, receiver: WebhookReceiver, reached: Settings
) -> None:
    receiver.answer_next(503, Retry_After=said)
    assert failure(reached).retry_after == wait


@pytest.mark.parametrize("how", [CLOSE, TRICKLE], ids=["closed", "trickles"])
def test_an_answer_that_is_lost_may_have_been_a_yes(how: int, receiver: WebhookReceiver, reached: Settings) -> None:
    receiver.answer_next(how)
    error = failure(reached, deadline=0.7)
    assert (error.retryable, error.outcome_unknown) == (True, True)
    assert "no usable answer" in error.line
    WebhookNotifier(reached).send(alert(channel="webhook:desk"))
    assert {headers["webhook-id"] for headers, _ in receiver.received} == {KEY}, (
        "the receiver tells the repetition by it"
    )


def test_what_was_not_sent_is_known_not_to_be(reached: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for url, words in {
        f"http://127.0.0.1:{port}/": "refuses connections",
        "http://nowhere.invalid/": "the host has no address",
        "https://[::1": "is not an http(s) address - correct the webhook's address",
        "http:///": "is not an http(s) address",
    }.items():
        error = failure(replace(reached, webhooks={"desk": Webhook(Secret(url), Secret("s"))}))
        assert words in error.line
        assert (error.retryable, error.outcome_unknown) == (True, False)


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest/", "http://127.0.0.1/", "http://[::ffff:10.0.0.1]/", "http://0x7f.1/"]
)
def test_an_internal_address_is_refused_unless_its_network_is_allowed(url: str, reached: Settings) -> None:
    closed = replace(reached, allow_addresses=(), webhooks={"desk": Webhook(Secret(url), Secret("s"))})
    error = failure(closed)
    assert (
        "is an internal address - if the receiver is yours, add its network to PODWATCH_ALLOW_ADDRESSES" in error.line
    )
    assert (error.route, error.outcome_unknown) == (True, False)


@pytest.mark.parametrize(
    ("channel", "words"),
    [
        ("webhook:trade", "there is no webhook of this name - add trade to PODWATCH_WEBHOOKS"),
        ("webhook:", "there is no webhook of this name"),
        ("https://desk.example/x", "has no secret to sign with - set PODWATCH_WEBHOOK_SECRET"),
    ],
)
def test_what_is_not_set_up_says_what_to_set(channel: str, words: str, reached: Settings) -> None:
    error = failure(replace(reached, webhook_secret=Secret("")), channel)
    assert words in error.line
    assert error.route


def test_the_body_of_any_alert_is_json_within_its_limit_that_mentions_nobody() -> None:
    huge = "word 🎧 <!channel> @here \x1b]0; " * 5_000
    said = [
        mention("needle", f"{huge}needle{huge}", speaker=huge, reason=huge, start=n, score=float("nan"))
        for n in range(300)
    ]
    content = alert_body(alert(*said, episode=episode(show=huge, title=huge, audio_url=None), watch=watch(name=huge)))
    assert len(content) <= MAX_BODY_BYTES
    found = json.loads(content)
    assert found["mentions_total"] == 300
    assert 3 <= len(found["mentions"]) <= 100
    assert all("needle" in m["snippet"] for m in found["mentions"])
    assert not re.search("<!channel>|@here|\x1b", str(found))


@pytest.mark.parametrize("case", ["refused", "lost", "nobody there", "mistyped"])
def test_secrets_are_in_no_error_no_traceback_and_no_log(
    case: str, receiver: WebhookReceiver, reached: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = {"nobody there": "http://127.0.0.1:1/t0ken", "mistyped": "http://u:t0ken@[/"}.get(case, receiver.url)
    if case in ("refused", "lost"):
        receiver.answer_next(401 if case == "refused" else CLOSE)
    settings = replace(reached, webhooks={"desk": Webhook(Secret(url), Secret(SECRET))})
    error = failure(settings)
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    for text in (error.line, repr(error), repr(settings), repr(WebhookNotifier(settings)), shown, caplog.text):
        for secret in (SECRET, SECRET.removeprefix("whsec_"), "t0ken", "thirty-two"):
            assert secret not in text
    assert error.__context__ is None


# ---- the setting


def test_named_webhooks_are_read_and_share_the_secret_unless_they_have_their_own() -> None:
    found = parse_webhooks(
        '{"desk": "https://a.example/1", "trade": {"url": "https://b.example", "secret": "own"}}', Secret("all")
    )
    assert {n: (w.url.reveal(), w.secret.reveal()) for n, w in found.items()} == {
        "desk": ("https://a.example/1", "all"),
        "trade": ("https://b.example", "own"),
    }
    assert parse_webhooks("", Secret("")) == {}


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "7", '{"desk": 7}', '{"desk": {"secret": "hunter2"}}', '{"desk": {"url": "ftp://hunter2"}}',
     '{"desk": {"url": "https://hunter2", "key": "hunter2"}}', '{"desk": {"url": "https://a", "secret": 7}}'],
)  # fmt: skip
def test_a_mistake_in_them_is_one_line_without_their_secrets(text: str) -> None:
    with pytest.raises(SettingsError, match="PODWATCH_WEBHOOKS") as caught:
        parse_webhooks(text, Secret(""))
    assert "hunter2" not in caught.value.line


def test_the_login_of_a_named_webhook_is_sent_and_shown_nowhere(
    receiver: WebhookReceiver, reached: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = receiver.url.replace("://", "://desk:pa55@")
    named = replace(reached, webhooks={"desk": Webhook(Secret(url), Secret(SECRET))})
    WebhookNotifier(named).send(alert(channel="webhook:desk"))
    [(headers, _)] = receiver.received
    assert headers["authorization"] == "Basic " + base64.b64encode(b"desk:pa55").decode()
    receiver.answer_next(401)
    assert "pa55" not in failure(named).line + caplog.text
    WebhookNotifier(named).check("webhook:desk")


def test_a_login_in_a_channel_is_refused_since_many_read_the_watchlist(
    receiver: WebhookReceiver, reached: Settings
) -> None:
    channel = receiver.url.replace("://", "://desk:pa55@")
    mistake = find_channel_mistake(channel)
    for error in (mistake, failure(reached, channel)):
        assert error is not None
        assert error.line == (
            "http://127.0.0.1/...: holds a login, which everybody who reads the watchlist would see"
            " - name the address in PODWATCH_WEBHOOKS, and write webhook:NAME"
        )
        assert error.route
    assert receiver.received == []


def test_an_audio_address_with_a_token_is_not_posted() -> None:
    private = episode(audio_url="https://cdn.history.example/2.mp3?token=a1b2c3")
    content = alert_body(alert(episode=private)).decode()
    assert "a1b2c3" not in content
    found = json.loads(content)
    assert (found["episode"]["audio_url"], found["mentions"][0]["link"]) == (None, None)
    assert found["text"].endswith("<https://history.example/episodes/2#t=754>"), "the episode's page instead"
