"""How long a claim on an episode lasts: fetch's, a backfill's. That of a message is in delivery_timing. Pure.

A claim is extended while its run lasts; after it the run counts as dead, and what it claimed is due again.
"""

from __future__ import annotations

from datetime import timedelta

FETCH_LEASE = timedelta(minutes=2)  # extended each second or so that half of it is over: longer than any pause
BACKFILL_LEASE = timedelta(seconds=30)  # one backfill waits for what another has claimed
BACKFILL_SEARCH = timedelta(hours=1)  # for which the live detect leaves to a backfill what that has fetched
LISTEN_LEASE = timedelta(minutes=3)  # extended every half a minute by a thread of its own
HEARING_LEASE = timedelta(minutes=15)  # extended while places are heard again
