"""What the first bytes of a download say that it is, where audio was asked for: refused before the rest has come.

Servers answer 200 with an error page or a log-in page, addresses lead to playlists, and shops sell locked files.
"""

from __future__ import annotations

SNIFFED_BYTES = 512
_LOCKED_BRANDS = (b"M4P ", b"aax ", b"aaxc")  # FairPlay, Audible (ISO/IEC 14496-12: "ftyp" and the brand)
_AUDIBLE = b"\x57\x90\x75\x36"  # at byte 4 of an .aa file
_PLAYLIST_TYPES = {
    "application/vnd.apple.mpegurl",
    "application/x-mpegurl",
    "application/mpegurl",
    "audio/mpegurl",
    "audio/x-mpegurl",
    "audio/x-scpls",
    "application/pls+xml",
    "application/xspf+xml",
    "application/dash+xml",
}
_PAGE_TYPES = {"text/html", "application/xhtml+xml"}
_PAGE_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body")


def refuse_content(head: bytes, media_type: str) -> str | None:
    """The reason, as a part of a sentence, why it is not audio; None when it may be. media_type: in lower case."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    is_markup = start.startswith(b"<")
    if (media_type in _PAGE_TYPES and is_markup) or start.startswith(_PAGE_STARTS):
        return "is a web page, no audio"
    if start.startswith((b"#extm3u", b"[playlist]", b"<playlist", b"<mpd", b"<asx")) or (
        media_type in _PLAYLIST_TYPES and (is_markup or _is_text(start))
    ):
        return "is a playlist, no audio file"
    if start.startswith(b"<?xml") or (is_markup and media_type.endswith(("/xml", "+xml"))):
        return "is an XML document, no audio"
    if has_locked_brand(head):
        return "is locked by DRM, so that nothing in it can be heard"
    return None


def has_locked_brand(head: bytes) -> bool:
    """Whether a file begins as those do that FairPlay or Audible lock."""
    return (head[4:8] == b"ftyp" and head[8:12] in _LOCKED_BRANDS) or head[4:8] == _AUDIBLE


def _is_text(start: bytes) -> bool:
    return not any(byte < 9 for byte in start)
