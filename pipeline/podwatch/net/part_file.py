"""A file while it is downloaded: FILE.part, and FILE.part.json that says of what it is the beginning.

So a download that was cut off, or whose process was killed, goes on where it stopped. What cannot go on, since its
server gave no validator, is not left behind.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from podwatch.errors import StorageError

MIN_FREE = 100 * 1024 * 1024  # bytes that a download leaves free on the disk: the database needs some, too
CHECKED_EVERY = 8 * 1024 * 1024  # bytes
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class PartOrigin:
    """What a part is the beginning of. url: as asked for. at: after redirects. total: bytes, None: not known.

    validator: what If-Range says (RFC 9110, 13.1.5), "" where the server gave none that serves.
    """

    url: str
    at: str = ""
    validator: str = ""
    total: int | None = None
    media_type: str = ""


class PartFile:
    """Locked while it is open: a second download to the same path fails. Raises StorageError."""

    def __init__(self, path: Path, url: str) -> None:
        self._path = path
        self._part, self._note = path.with_name(path.name + ".part"), path.with_name(path.name + ".part.json")
        self._is_finished = self._is_useless = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as e:
            raise self._storage_error(e) from None
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            raise StorageError("is being downloaded by another process", where=str(path)) from None
        self.origin = self._read_note(url)
        self.size, self._hash, self._checked_at = 0, hashlib.sha256(), 0
        if self.origin.validator:
            while data := os.read(self._fd, 1024 * 1024):
                self._hash.update(data)
                self.size += len(data)

    @property
    def can_resume(self) -> bool:
        return bool(self.size and self.origin.validator)

    @property
    def is_whole(self) -> bool:
        return self.can_resume and self.size == self.origin.total

    def restart(self, origin: PartOrigin) -> None:
        """Begins at the first byte, of what ``origin`` says."""
        self.origin, self.size, self._hash, self._checked_at = origin, 0, hashlib.sha256(), 0
        try:
            os.ftruncate(self._fd, 0)
            os.lseek(self._fd, 0, os.SEEK_SET)
            if origin.validator:
                self._note.write_text(json.dumps(asdict(origin)), encoding="utf-8")
            else:
                self._note.unlink(missing_ok=True)
            self._check_space(origin.total or 0)
        except OSError as e:
            raise self._storage_error(e) from None

    def append(self, data: bytes) -> None:
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._fd, left) :]
            self._hash.update(data)
            self.size += len(data)
            if self.size - self._checked_at >= CHECKED_EVERY:
                self._checked_at = self.size
                self._check_space(0)
        except OSError as e:
            raise self._storage_error(e) from None

    def discard(self) -> None:
        """Nothing is left of it when it is closed: the rest will not be asked for."""
        self._is_useless = True

    def finish(self) -> str:
        """Gives the file its name; returns the SHA-256 of its content."""
        try:
            self._part.rename(self._path)
        except OSError as e:
            raise self._storage_error(e) from None
        self._is_finished = True
        return self._hash.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        if self._is_useless or not (self._is_finished or self.can_resume):
            self._part.unlink(missing_ok=True)
            self._note.unlink(missing_ok=True)
        elif self._is_finished:
            self._note.unlink(missing_ok=True)
        os.close(self._fd)

    def _read_note(self, url: str) -> PartOrigin:
        """That of the part that is there, when it was begun from the same address."""
        try:
            found = PartOrigin(**json.loads(self._note.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return PartOrigin(url)
        return found if found.url == url else PartOrigin(url)

    def _check_space(self, needed: int) -> None:
        free = shutil.disk_usage(self._path.parent).free
        if free < needed + MIN_FREE:
            self.discard()
            what = f"the disk has too little space: {free:,} bytes are free, and {needed + MIN_FREE:,} have to be"
            raise StorageError(what, where=str(self._path.parent), todo="free some, and run it again")

    def _storage_error(self, e: OSError) -> StorageError:
        self.discard()  # on a full disk others need the space
        if e.errno in _FULL:
            return StorageError("the disk is full", where=str(self._path.parent), todo="free some space")
        return StorageError(f"cannot be written ({e.strerror})", where=str(self._path), todo="check the folder")
