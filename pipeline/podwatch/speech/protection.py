"""Whether an audio file is locked by DRM, so that it is refused with that reason, and not as damaged.

FairPlay and Audible lock the samples of MP4 files, PlayReady and Widevine those of MP4 and, formerly, WMA files. Each
leaves its mark in the file's head: decoders do not look at it, and fail at the noise that the samples seem to be.
"""

from __future__ import annotations

from typing import BinaryIO

from podwatch.net.content_sniffing import has_locked_brand
from podwatch.speech.file_heads import mp4_index

_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
# The objects of ASF's header that say with which key the rest is encrypted.
_ASF_ENCRYPTED = (bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"), bytes.fromhex("14e68a292226174cb935dae07ee9289c"))
_LOCKED_ENTRIES = (b"drms", b"drmi", b"enca", b"encv", b"aavd")  # sample entries (ISO/IEC 14496-12, 8.12)
HEAD = 64 * 1024  # bytes of a file that are looked through


def is_protected(file: BinaryIO) -> bool:
    """Looks through the head of a file, and the index of an MP4; leaves the file at its start."""
    file.seek(0)
    head = file.read(HEAD)
    if head[4:8] == b"ftyp":
        found = has_locked_brand(head) or _has_locked_entry(mp4_index(file))
    elif head.startswith(_ASF):
        found = any(mark in head for mark in _ASF_ENCRYPTED)
    else:
        found = has_locked_brand(head)
    file.seek(0)
    return found


def _has_locked_entry(index: bytes) -> bool:
    """Whether a locked sample entry, and the scheme that locks it, stand in the index."""
    return b"sinf" in index and any(entry in index for entry in _LOCKED_ENTRIES)
