"""podwatch parse, as people type it: what is read of a file, as scan reads it, and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from podwatch.commands.scan import load_transcript
from podwatch.errors import TranscriptError
from podwatch.settings import Settings
from tests.support.command_runner import run_command

DATA = Path(__file__).parents[1] / "data/transcripts"
TALK = "Marta: Hello.\n\nTheo: Good day.\n\nUkraine: what of it?\n\nMarta: Ah."
FILES = sorted(p for p in DATA.iterdir() if not p.name.endswith(".expected.json"))


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    file = tmp_path / "talk.txt"
    file.write_text(TALK, encoding="utf-8")
    return file


def test_json_has_a_segment_a_line_and_nothing_else(settings: Settings, talk: Path) -> None:
    status, lines, said = run_command(settings, "parse", talk, "--json")
    assert (status, said) == (0, [])
    assert [json.loads(line) for line in lines] == [
        {"start": None, "end": None, "speaker": "Marta", "text": "Hello."},
        {"start": None, "end": None, "speaker": "Theo", "text": "Good day."},
        {"start": None, "end": None, "speaker": "Theo", "text": "Ukraine: what of it?"},
        {"start": None, "end": None, "speaker": "Marta", "text": "Ah."},
    ]


def test_people_see_clocks_speakers_and_words(settings: Settings) -> None:
    _, lines, _ = run_command(settings, "parse", DATA / "bare.txt")
    assert lines[0] == "0:00:05\t-\tMarta Ellison\tWelcome."


def test_what_was_decided_and_why_is_said_when_asked(settings: Settings, talk: Path) -> None:
    _, _, said = run_command(settings, "parse", talk, "-v")
    assert said[0] == "format plain: its type or its name says so, and any text can be that"
    assert "Marta: a speaker, since it recurs before a colon" in said
    assert "Ukraine: words, since it is not written like the names that recur" in said
    assert "4 segments, 8 words; 0 with a time" in said
    assert run_command(settings, "parse", talk)[2] == []


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.name)
def test_every_format_is_read_as_scan_reads_it(settings: Settings, file: Path) -> None:
    _, lines, _ = run_command(settings, "parse", file, "--json")
    assert [json.loads(line)["text"] for line in lines] == [s.text for s in load_transcript(file).segments()]


def test_what_is_no_transcript_is_one_line(settings: Settings, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<!DOCTYPE html><title>Oops</title><p>Not here.")
    with pytest.raises(TranscriptError) as caught:
        run_command(settings, "parse", page)
    assert caught.value.line == f"{page}: is a web page, not a transcript: 'Oops'"
