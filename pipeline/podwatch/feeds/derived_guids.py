"""Names an item that has no guid: by its audio, by its page, or by its title and date."""

from __future__ import annotations

import hashlib

from podwatch.policy.compared_addresses import canonical_url


def derive_guid(title: str, published: str, audio: str | None, page: str | None) -> str:
    """The guid of an item without one. page: of its own, which is no other item's. published: as it is written."""
    if audio:
        return f"https://{canonical_url(audio)}"
    if page:
        return page
    seed = f"{title}|{published}"
    return "podwatch:" + hashlib.blake2b(seed.encode("utf-8", "replace"), digest_size=12).hexdigest()
