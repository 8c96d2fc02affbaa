"""Threads, edits, copies of a message and digests: what deliver asks of a ThreadedNotifier and a DigestNotifier."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.errors import ChannelError
from podwatch.model import Alert, Digest, HoldReason, Kind
from podwatch.notifiers import DigestNotifier, Receipt, ThreadedNotifier, card, digest_card
from podwatch.notifiers.block_kit import MAX_REPLIES
from podwatch.notifiers.console import ConsoleNotifier
from podwatch.notifiers.slack import SlackNotifier
from podwatch.settings import Secret
from tests.support.builders import alert, episode, mention, watch
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import POST, FaultProxy, over_limit, refused, server_error
from tests.support.slack_assertions import EVER, messages_with_key


def many(count: int, **changes: Any) -> Alert:
    return alert(*[mention(f"w{n}", f"the word w{n} of many", start=n * 100) for n in range(count)], **changes)


def digest(*alerts: Alert, **changes: Any) -> Digest:
    return Digest(**({"key": "d", "channel": "#podcasts", "alerts": alerts or (alert(),)} | changes))


def test_slack_has_threads_and_the_console_takes_digests(slack: SlackNotifier) -> None:
    assert isinstance(slack, ThreadedNotifier)
    assert isinstance(ConsoleNotifier(), DigestNotifier)
    assert not isinstance(ConsoleNotifier(), ThreadedNotifier)


# ---- pages


def test_every_mention_is_shown_once_over_all_pages() -> None:
    pages = card.alert_messages(many(60))
    assert len(pages) > 1
    text = "\n".join(p.text for p in pages)
    assert [text.count(f"*w{n}*") for n in range(60)] == [1] * 60


def test_what_would_be_in_too_many_messages_is_counted() -> None:
    pages = card.alert_messages(many(2000))
    assert len(pages) == 1 + MAX_REPLIES
    assert "more: podwatch mentions --watch dobrynin" in pages[-1].text
    assert all(over_limit(p.blocks) == "" for p in pages)


def test_what_is_gone_is_struck_where_it_stood() -> None:
    said = alert(mention("a", "said a", start=1), gone=[mention("b", "said b", start=2)])
    [page] = card.alert_messages(said)
    assert "~said b~ (no longer said)" in page.text
    struck = [e["text"] for b in page.blocks for part in b.get("elements", []) for e in part.get("elements", [])
              if e.get("style", {}).get("strike")]  # fmt: skip
    assert "".join(struck) == "said b"


def test_the_same_alert_has_the_same_hash_and_another_word_another(slack: SlackNotifier) -> None:
    assert slack.message_hashes(alert()) == slack.message_hashes(alert())
    assert slack.message_hashes(alert()) != slack.message_hashes(alert(mention(speaker="Somebody")))


ANY = st.text(max_size=300) | st.sampled_from(["<!channel>", "@here", "*x*", "🎧" * 200, "</script>", "&" * 200])


@given(st.lists(st.tuples(ANY, ANY, st.sampled_from(list(Kind))), min_size=1, max_size=40), ANY, ANY, st.booleans())
def test_whatever_an_alert_holds_every_message_keeps_slacks_limits_and_mentions_nobody(
    said: list[tuple[str, str, Kind]], title: str, name: str, gone: bool
) -> None:
    mentions = [mention(s, t, start=n, kind=k, speaker=s, reason=t) for n, (s, t, k) in enumerate(said)]
    about = alert(*mentions, gone=mentions[:2] if gone else (), watch=watch(name=name), episode=episode(title=title))
    for page in [*card.alert_messages(about), *digest_card.digest_messages(digest(*[about] * 5))]:
        assert over_limit(page.blocks) == ""
        assert len(json.dumps(page.blocks)) < 60_000
        assert len(page.text.encode()) < 40_000
        assert "<!" not in page.text
        assert "@here" not in page.text + json.dumps(page.blocks)


def test_a_digest_names_each_watch_once_and_each_episode_with_its_best_sentence() -> None:
    grain = alert(mention("grain", "the grain came"), watch=watch(name="grain"), episode=episode(title="One"))
    again = alert(mention("grain", "more grain"), watch=watch(name="grain"), episode=episode(title="Two"))
    [page] = digest_card.digest_messages(digest(grain, alert(), again, why=HoldReason.CEILING))
    assert page.blocks[0]["text"]["text"] == "Digest: 3 alerts from podcasts"
    words = json.dumps(page.blocks, ensure_ascii=False)
    assert words.count('"text": "grain", "style": {"bold": true}') == 3, "its name once, and two hits"
    for part in ("One", "Two", "Thirteen days", "the ", "more ", "more than this channel takes in an hour"):
        assert part in words


def test_a_digest_ends_its_first_message_with_what_was_listened_to() -> None:
    line = "listened to 41 of 52 episodes since the last digest; 11 had no transcript"
    alerts = [alert(mention(f"w{n}", f"sentence of w{n}"), episode=episode(title=f"E{n}")) for n in range(60)]
    first, *rest = digest_card.digest_messages(digest(*alerts, coverage=line))
    assert rest
    assert first.blocks[-1]["elements"][0]["text"] == line
    assert first.text.endswith(f"\n{line}")
    assert not any(line in page.text for page in rest)
    silent = digest_card.digest_messages(digest(alert()))[0]
    assert silent.blocks[-1]["type"] == "rich_text", "a digest of an older podwatch has no such line"


def test_a_digest_of_hundreds_goes_on_in_its_thread_and_counts_the_rest() -> None:
    alerts = [alert(mention(f"w{n}", f"sentence of w{n}"), episode=episode(title=f"E{n}")) for n in range(400)]
    pages = digest_card.digest_messages(digest(*alerts))
    assert 2 <= len(pages) <= 1 + MAX_REPLIES
    assert "Digest: 400 alerts" in pages[0].text
    assert "more: podwatch mentions" in pages[-1].text


# ---- posted, changed, found, removed


def replies(workspace: Emulator, root: Receipt) -> list[dict[str, Any]]:
    page = workspace.call("conversations.replies", channel=root.channel, ts=root.id)
    return [m for m in page["messages"] if m["ts"] != root.id]


def test_a_page_in_a_thread_is_found_there_and_not_in_the_channel(
    slack: SlackNotifier, workspace: Emulator, key: str
) -> None:
    root = slack.post(many(20, key=key), 0, key, None)
    reply = slack.post(many(20, key=key), 1, f"{key}-1", root)
    assert [m["ts"] for m in replies(workspace, root)] == [reply.id]
    assert slack.find_copies(f"{key}-1", "#podcasts", EVER, root) == [reply]
    assert slack.find_copies(f"{key}-1", "#podcasts", EVER, None) == []


def test_an_edit_changes_the_words_and_keeps_the_key(slack: SlackNotifier, workspace: Emulator, key: str) -> None:
    at = slack.post(alert(key=key), 0, key, None)
    slack.edit(alert(mention("other", "other words"), key=key), 0, key, at)
    [message] = [m for m in workspace.messages("#podcasts") if m["ts"] == at.id]
    assert "other words" in json.dumps(message["blocks"]) or "other" in message["text"]
    assert slack.find_copies(key, "#podcasts", EVER, None) == [at]


def test_a_reply_that_is_no_longer_needed_says_so(slack: SlackNotifier, workspace: Emulator, key: str) -> None:
    root = slack.post(many(20, key=key), 0, key, None)
    reply = slack.post(many(20, key=key), 1, f"{key}-1", root)
    slack.edit(alert(key=key), 1, f"{key}-1", reply)
    assert [m["text"] for m in replies(workspace, root)] == ["(no longer said)"]


def test_all_copies_are_found_the_oldest_first_and_one_can_be_removed(
    slack: SlackNotifier, workspace: Emulator, key: str
) -> None:
    first, second = (slack.post(alert(key=key), 0, key, None) for _ in range(2))
    assert slack.find_copies(key, "#podcasts", EVER, None) == [first, second]
    slack.delete(second)
    slack.delete(second)
    assert [m["ts"] for m in messages_with_key(workspace, key)] == [first.id]


def test_an_edit_whose_blocks_are_refused_is_made_as_text(slack: SlackNotifier, proxy: FaultProxy, key: str) -> None:
    at = slack.post(alert(key=key), 0, key, None)
    proxy.fail_next(refused("invalid_blocks"), method="chat.update")
    with pytest.raises(ChannelError, match="plain text") as caught:
        slack.edit(alert(key=key), 0, key, at)
    assert caught.value.retryable
    slack.edit(alert(key=key), 0, key, at)
    assert proxy.calls[-2:] == ["chat.update"] * 2


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_a_message_that_may_not_be_edited_is_no_case_for_a_retry(
    code: str, slack: SlackNotifier, proxy: FaultProxy, key: str
) -> None:
    at = slack.post(alert(key=key), 0, key, None)
    proxy.fail_next(refused(code), method="chat.update")
    with pytest.raises(ChannelError) as caught:
        slack.edit(alert(key=key), 0, key, at)
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 405, 408, 409, 410, 413, 418, 425, 500, 501, 502, 503, 504, 599]
)
def test_whatever_status_comes_without_an_answer_of_slacks_own_a_retry_may_help(
    status: int, slack: SlackNotifier, proxy: FaultProxy, key: str
) -> None:
    proxy.fail_next(server_error(status))
    with pytest.raises(ChannelError) as caught:
        slack.post(alert(key=key), 0, key, None)
    assert caught.value.retryable
    assert caught.value.outcome_unknown == (status >= 500)
    assert f"HTTP {status}" in caught.value.line
    assert proxy.calls.count(POST) == 1


def test_an_answer_that_trickles_is_given_up_before_it_is_complete(key: str) -> None:
    stopped = threading.Event()

    def trickle(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not stopped.wait(0.1):
                connection.sendall(b" ")
            connection.sendall(b" " * 100_000)  # so that the thread that reads the rest comes to its end

    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=trickle, args=(server,), daemon=True)
        answering.start()
        notifier = SlackNotifier(Secret("xoxb-1"), f"http://127.0.0.1:{server.getsockname()[1]}/api/", timeout=0.5)
        try:
            with pytest.raises(ChannelError) as caught:
                notifier.post(alert(key=key, channel="C0123456789"), 0, key, None)
        finally:
            stopped.set()
            answering.join(timeout=30)
    assert caught.value.outcome_unknown
    time.sleep(0.2)  # for that thread


def test_the_console_prints_a_digest_whole(capsys: pytest.CaptureFixture[str]) -> None:
    alerts = [alert(mention(f"w{n}", f"sentence of w{n}"), episode=episode(title=f"E{n}")) for n in range(60)]
    ConsoleNotifier().send_digest(digest(*alerts, channel="console:", coverage="listened to 3 of 4 episodes"))
    said = capsys.readouterr().out
    assert "\n  listened to 3 of 4 episodes\n" in said
    assert all(f"*w{n}*" in said for n in range(60))
