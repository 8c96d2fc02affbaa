"""Alerts as a person sees them: on a terminal, in a pipe, on outputs that are not what they should be."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from podwatch.errors import ChannelError
from podwatch.notifiers import Receipt
from podwatch.notifiers.block_kit import Block
from podwatch.notifiers.console import ConsoleNotifier, print_alert, render_blocks
from tests.support.builders import alert, episode, mention, watch

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "\x1b[31mred\x1b]0;title\x07 [bold]x[/bold] [link=https://evil.example]y[/] :smile: \u202eDobrynin\r\x08"
SCRIPT = "from tests.support.builders import alert\nfrom podwatch.notifiers.console import ConsoleNotifier\n"


def printed(said: object, *, terminal: bool, encoding: str = "utf-8", width: int = 80) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    print_alert(said, Console(file=file, force_terminal=terminal, width=width, legacy_windows=False))  # type: ignore[arg-type]
    return raw.getvalue().decode(encoding)


def seen(text: str) -> str:
    """What is left on a terminal when it has obeyed rich's own sequences: colours and links."""
    return re.sub(r"\x1b\[[0-9;]*m|\x1b\]8;[^;]*;[^\x1b]*\x1b\\", "", text)


def test_in_a_pipe_an_alert_is_whole_lines_with_the_hit_marked_and_the_addresses_written_out() -> None:
    said = alert(*[mention(snippet=f"Night {n}: I told Dobrynin.", start=n) for n in range(4)], channel="#trade")
    assert printed(said, terminal=False).splitlines() == [
        "#trade",
        "dobrynin in “Thirteen days, part 2”",
        "  History Hour · 2024-10-03 · episode <https://history.example/episodes/2>",
        "  0:12:34 <https://cdn.history.example/2.mp3#t=754> · Robert Kennedy",
        "  > Night 0: I told *Dobrynin*.",
        "  0:12:34 <https://cdn.history.example/2.mp3#t=754> · Robert Kennedy",
        "  > Night 1: I told *Dobrynin*.",
        "  0:12:34 <https://cdn.history.example/2.mp3#t=754> · Robert Kennedy",
        "  > Night 3: I told *Dobrynin*.",
        "  and 1 more in this episode",
        "",
    ]


def test_in_a_pipe_there_is_no_colour_and_no_frame() -> None:
    assert not re.search("[\x1b│╭]", printed(alert(), terminal=False))


def test_on_a_terminal_an_alert_is_a_panel_of_the_channel_with_the_hit_in_bold() -> None:
    shown = printed(alert(channel="#trade"), terminal=True)
    assert seen(shown).splitlines() == [
        "╭─ #trade ─────────────────────────────────────────────────────────────────────╮",
        "│                                                                              │",
        "│  dobrynin in “Thirteen days, part 2”                                         │",
        "│                                                                              │",
        "│  History Hour · 2024-10-03 · episode                                         │",
        "│                                                                              │",
        "│  0:12:34 · Robert Kennedy                                                    │",
        "│  │ That night I drove to the embassy and told Dobrynin that we had to have   │",
        "│  │ an answer by Sunday.                                                      │",
        "│                                                                              │",
        "╰──────────────────────────────────────────────────────────────────────────────╯",
    ]
    assert re.search(r"told \x1b\[1;35mDobrynin\x1b\[0m that", shown)
    assert ";https://cdn.history.example/2.mp3#t=754\x1b\\" in shown


def test_a_terminal_that_knows_no_styles_gets_the_marks_and_the_addresses_in_the_panel() -> None:
    file = io.StringIO()
    print_alert(alert(), Console(file=file, force_terminal=True, color_system=None, width=100))
    assert "\x1b" not in file.getvalue()
    assert "*Dobrynin*" in file.getvalue()
    assert "<https://cdn.history.example/2.mp3#t=754>" in file.getvalue()


@pytest.mark.parametrize("width", [10, 24, 40, 300])
def test_a_terminal_of_any_width_will_do(width: int) -> None:
    lines = seen(printed(alert(), terminal=True, width=width)).splitlines()
    assert max(map(len, lines)) == min(width, 100)
    assert "Dobrynin" in re.sub(r"[│\s]", "", "".join(lines))


@pytest.mark.parametrize("terminal", [True, False])
def test_escape_sequences_and_markup_of_strangers_are_shown_and_not_obeyed(terminal: bool) -> None:
    about = episode(title=HOSTILE, show=HOSTILE, link="https://a.example/\x1b]0;x\x07", audio_url="javascript:x")
    said = alert(mention(snippet=HOSTILE, speaker=HOSTILE), watch=watch(name=HOSTILE), episode=about, channel=HOSTILE)
    shown = seen(printed(said, terminal=terminal, width=200))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", shown)
    assert "[bold]x[/bold] [link=https://evil.example]y[/] :smile:" in shown


def test_blocks_from_elsewhere_are_cleaned_again_and_unknown_ones_left_out() -> None:
    link = {"type": "link", "url": "javascript:x", "text": "\x1bc"}
    blocks: list[Block] = [
        {"type": "divider"},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [link]}]},
    ]
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with console.capture() as capture:
        console.print(render_blocks(blocks))
    assert seen(capture.get()).split() == ["c"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-16"])
@pytest.mark.parametrize("terminal", [True, False])
def test_characters_that_the_output_lacks_become_question_marks(encoding: str, terminal: bool) -> None:
    shown = printed(alert(mention("Добрынин", "and told Добрынин 🎧")), terminal=terminal, encoding=encoding)
    assert ("Добрынин" if encoding == "utf-16" else "????????") in shown


def test_an_output_of_an_unknown_encoding_gets_ascii() -> None:
    class Odd(io.StringIO):
        encoding = "klingon"

    file = Odd()
    print_alert(alert(mention("ü", "ü")), Console(file=file))
    assert "> *?*" in file.getvalue()


def test_a_closed_output_is_an_error_to_be_tried_again_and_no_crash() -> None:
    file = io.StringIO()
    console = Console(file=file)
    file.close()
    with pytest.raises(ChannelError) as caught:
        ConsoleNotifier(console).send(alert())
    assert caught.value.line == "#podcasts: nobody reads the output - keep it open"
    assert (caught.value.retryable, caught.value.outcome_unknown) == (True, False)


def test_the_output_is_looked_up_at_each_send(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    notifier = ConsoleNotifier()
    elsewhere = io.StringIO()
    with monkeypatch.context() as changed:
        changed.setattr(sys, "stdout", elsewhere)
        assert notifier.send(alert(key="k1")) == Receipt("console", "k1")
    notifier.send(alert())
    assert "Dobrynin" in elsewhere.getvalue()
    assert "Dobrynin" in capsys.readouterr().out


def run(script: str, tail: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = f'"{sys.executable}" -c "$SCRIPT" {tail}'
    return subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", command], cwd=ROOT, env={**os.environ, "SCRIPT": SCRIPT + script, **env},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip


def test_a_real_pipe_in_the_c_locale_gets_every_line() -> None:
    done = run("ConsoleNotifier().send(alert())", "", PYTHONIOENCODING="ascii", COLUMNS="20")
    assert (done.returncode, done.stderr) == (0, "")
    assert "  > That night I drove to the embassy and told *Dobrynin* that we had" in done.stdout


@pytest.mark.parametrize("tail", [">&-", "| true"])
def test_a_real_output_that_is_closed_raises_the_channel_error(tail: str) -> None:
    script = """
import sys, time
from podwatch.errors import ChannelError
time.sleep(0.2)
try:
    ConsoleNotifier().send(alert())
except ChannelError as e:
    print(e, file=sys.stderr)
    import os; os._exit(3)
"""
    done = run(script, tail)
    assert done.stderr == "#podcasts: nobody reads the output - keep it open\n"
    assert done.returncode == 3
