"""The file of a backup: lines of JSON, compressed with zstd, that any database kind and any later podwatch can read.

The first line says what is in it: revision of the tables, when, and how many rows each has. Each table begins with a
line of its name and columns, then a list a row. The last line has the SHA-256 of all lines before it. So a file that
was cut off or damaged is known as such before anything is done with it.

A value is written by the kind of its column, the same for SQLite and PostgreSQL: times in ISO form, bytes in base64,
JSON as its text, and floats that JSON lacks as a word.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

import orjson
import zstandard

from podwatch.errors import StoreError

VERSION = 1
_KEY = "podwatch_backup"
_ZSTD = b"\x28\xb5\x2f\xfd"
_LEVEL = 3
_CHUNK = 64 * 1024  # compressed bytes read at a time


class ColumnKind(StrEnum):
    """What a column holds, whatever a database calls it."""

    TEXT = "text"
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    TIME = "time"
    DATE = "date"
    BYTES = "bytes"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class BackupHead:
    """What a backup holds. revision: of its tables; database: the kind that it was made of; rows: by table."""

    revision: str
    made_at: datetime
    database: str
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TableHead:
    """A table of a backup, whose rows follow. columns: (name, kind) of each value of a row."""

    name: str
    columns: tuple[tuple[str, ColumnKind], ...]


BackupPart = TableHead | list[Any]  # a table, or a row of the last one


class BackupWriter:
    """Writes the parts of a backup in their order; ``end`` makes it whole."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._hash, self._rows = out, hashlib.sha256(), 0
        self._encoders: list[Callable[[Any], Any]] = []

    def write_head(self, head: BackupHead) -> None:
        about = {_KEY: VERSION, "revision": head.revision, "made_at": head.made_at.isoformat()}
        self._write(about | {"database": head.database, "rows": dict(head.rows)})

    def begin_table(self, table: TableHead) -> None:
        self._encoders = [_ENCODERS.get(kind, _as_is) for _, kind in table.columns]
        self._write({"table": table.name, "columns": [[name, kind.value] for name, kind in table.columns]})

    def write_row(self, row: Sequence[Any]) -> None:
        values = [None if v is None else encode(v) for v, encode in zip(row, self._encoders, strict=True)]
        self._write(values)
        self._rows += 1

    def end(self) -> None:
        last = {"end": self._rows, "sha256": self._hash.hexdigest()}
        self._out.write(orjson.dumps(last) + b"\n")

    def _write(self, value: Any) -> None:
        line = orjson.dumps(value) + b"\n"
        self._hash.update(line)
        self._out.write(line)


@contextmanager
def compress_to(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """What is written to it is compressed into the file, which stays open."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    with compressor.stream_writer(file, closefd=False) as stream:
        yield stream


def read_head(path: Path) -> BackupHead:
    """The head of a backup, without reading the rest. Raises StoreError."""
    with _lines_of(path) as lines:
        return _parse_head(next(lines, b""), path)


def verify_backup(path: Path) -> BackupHead:
    """Reads all of it; raises StoreError for a file that is damaged, cut off, or no backup."""
    head = read_head(path)
    for _ in read_parts(path):
        pass
    return head


def read_parts(path: Path) -> Iterator[BackupPart]:
    """Its tables, each followed by its rows; raises StoreError where it shows to be damaged, at the end at last."""
    hashed, found = hashlib.sha256(), dict[str, int]()
    with _lines_of(path) as lines:
        first = next(lines, b"")
        head = _parse_head(first, path)
        hashed.update(first)
        table, decoders = "", list[Callable[[Any], Any]]()
        for line in lines:
            value = _parse_line(line, path)
            if isinstance(value, dict) and "end" in value:
                is_last = next(lines, None) is None  # which also looks whether the file is whole
                if not is_last or value.get("sha256") != hashed.hexdigest() or found != dict(head.rows):
                    raise _damaged(path)
                return
            hashed.update(line)
            try:
                if isinstance(value, dict):
                    part = TableHead(value["table"], tuple((n, ColumnKind(k)) for n, k in value["columns"]))
                    table, found[part.name] = part.name, 0
                    decoders = [_DECODERS.get(kind, _as_is) for _, kind in part.columns]
                    yield part
                else:
                    row = [None if v is None else decode(v) for v, decode in zip(value, decoders, strict=True)]
                    found[table] += 1
                    yield row
            except (KeyError, ValueError, TypeError, AttributeError):
                raise _damaged(path) from None
    raise _damaged(path)


@contextmanager
def _lines_of(path: Path) -> Iterator[Iterator[bytes]]:
    try:
        file = path.open("rb")
    except OSError as e:
        raise StoreError(f"cannot be read ({e.strerror})", where=str(path), todo="check the path") from None
    with file:
        if file.read(len(_ZSTD)) != _ZSTD:
            raise StoreError("is no backup of podwatch", where=str(path), todo="podwatch backup FILE makes one")
        file.seek(0)
        yield _read_lines(file, path)


def _read_lines(file: IO[bytes], path: Path) -> Iterator[bytes]:
    """The lines of the file as they are decompressed; at the end of one that is not whole raises StoreError."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    begun: list[bytes] = []  # of a line
    while chunk := _read_chunk(file, path):
        try:
            data = frame.decompress(chunk)
        except zstandard.ZstdError:
            raise _damaged(path) from None
        *lines, rest = data.split(b"\n")
        for line in lines:
            yield b"".join((*begun, line, b"\n"))
            begun.clear()
        begun.append(rest)
        if frame.unused_data or (frame.eof and file.read(1)):  # something stands behind it
            raise _damaged(path)
    if not frame.eof or any(begun):
        raise StoreError("is damaged, or cut off: its end is missing", where=str(path), todo="take another backup")


def _read_chunk(file: IO[bytes], path: Path) -> bytes:
    try:
        return file.read(_CHUNK)
    except OSError as e:
        raise StoreError(f"cannot be read ({e.strerror})", where=str(path)) from None


def _parse_head(line: bytes, path: Path) -> BackupHead:
    value = _parse_line(line, path)
    if not isinstance(value, dict) or not isinstance(value.get(_KEY), int):
        raise StoreError("is no backup of podwatch", where=str(path), todo="podwatch backup FILE makes one")
    if value[_KEY] > VERSION:
        raise StoreError("was made by a newer podwatch", where=str(path), todo="upgrade podwatch")
    try:
        rows = {str(name): int(count) for name, count in value["rows"].items()}
        return BackupHead(str(value["revision"]), datetime.fromisoformat(value["made_at"]), value["database"], rows)
    except (KeyError, ValueError, TypeError, AttributeError):
        raise _damaged(path) from None


def _parse_line(line: bytes, path: Path) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        raise _damaged(path) from None


def _damaged(path: Path) -> StoreError:
    return StoreError("is damaged, or cut off: it is not what was written", where=str(path), todo="take another backup")


def _as_is(value: Any) -> Any:
    return value


def _encode_float(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _encode_bytes(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _encode_time(value: datetime | date) -> str:
    return value.isoformat()


_ENCODERS: Mapping[ColumnKind, Callable[[Any], Any]] = MappingProxyType(
    {
        ColumnKind.FLOAT: _encode_float,
        ColumnKind.BYTES: _encode_bytes,
        ColumnKind.TIME: _encode_time,
        ColumnKind.DATE: _encode_time,
        ColumnKind.BOOL: bool,
    }
)
_DECODERS: Mapping[ColumnKind, Callable[[Any], Any]] = MappingProxyType(
    {
        ColumnKind.FLOAT: float,
        ColumnKind.BYTES: base64.b64decode,
        ColumnKind.TIME: datetime.fromisoformat,
        ColumnKind.DATE: date.fromisoformat,
    }
)
