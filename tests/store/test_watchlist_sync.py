"""A watchlist that is synced, in the store: each watch keeps its row, and what hangs on it, under whatever name."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from podwatch.model import Mute
from podwatch.store.database import Store
from podwatch.store.tables import watches
from tests.policy.test_watchlist_changes import CONTINUES, watch


@pytest.mark.parametrize("case", CONTINUES)
def test_a_watch_keeps_its_row_and_its_mutes_whatever_takes_its_name(store: Store, now: datetime, case: str) -> None:
    before, entries, numbers = CONTINUES[case]
    store.sync_watches([watch(name, query) for name, query in before], now)
    ids = {w.name: w.id for w in store.watches()}
    for n in ids.values():
        store.add_mute(Mute(watch_id=n, until=now + timedelta(days=9)), now)
    wanted = [watch(*entry) for entry in entries]
    for _ in range(2):
        store.sync_watches(wanted, now)
        after = {w.name: (w.id, w.query) for w in store.watches()}
        assert {name: query for name, (_, query) in after.items()} == {name: query for name, query, _ in entries}
        for (name, _, _), number in zip(entries, numbers, strict=True):
            if number is None:
                assert after[name][0] not in ids.values()
            else:
                assert after[name][0] == ids[before[number - 1][0]]
    assert {m.watch_id for m in store.active_mutes(now)} == set(ids.values())
    with store.reading() as c:
        names = list(c.execute(select(watches.c.key_name)).scalars())
    assert len(names) == len(set(names)), "two watches whose alerts would have one key"
