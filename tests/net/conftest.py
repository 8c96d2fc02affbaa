"""What the tests of downloads share: a host of large files, and a client that downloads one to a path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from podwatch.net.client import HttpClient
from podwatch.net.download import Download
from podwatch.settings import Settings
from tests.support.downloads import Get
from tests.support.file_host import FileHost


@pytest.fixture
def host() -> Iterator[FileHost]:
    with FileHost() as standing:
        yield standing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audio" / "one.mp3"


@pytest.fixture
def http(settings: Settings) -> Iterator[HttpClient]:
    opened = HttpClient(settings)
    yield opened
    opened.close()


@pytest.fixture
def get(http: HttpClient, path: Path) -> Get:
    def download(url: str, **how: object) -> Download:
        limits = {"max_bytes": 1_000_000, "deadline": 20.0} | how
        return http.download(url, path, **limits)  # type: ignore[arg-type]

    return download
