"""An example of a team's own DAG: it runs whenever podwatch has stored new mentions, and reads what was said.

Put it beside your DAGs, and do with the rows what you like. PODWATCH_DATABASE_URL is the database of podwatch, as a
role that may read the view mentions_full.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from airflow.sdk import Asset, dag, task


@dag(
    dag_id="new_mentions",
    schedule=[Asset("podwatch_mentions")],  # its events are what detect has stored; without any, nothing runs
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["podwatch"],
)
def new_mentions() -> None:
    @task
    def read(triggering_asset_events: Any = None) -> list[str]:
        """A run may stand for several events: Airflow gathers those that came while the last run was under way."""
        import sqlalchemy as sa

        events = [event for found in triggering_asset_events.values() for event in found]
        ids = [number for event in events for number in event.extra["mentions"]]
        query = sa.text("SELECT watch, show, episode, snippet FROM mentions_full WHERE id IN :ids ORDER BY id")
        engine = sa.create_engine(os.environ["PODWATCH_DATABASE_URL"])
        with engine.connect() as connection:
            rows = connection.execute(query.bindparams(sa.bindparam("ids", expanding=True)), {"ids": ids}).all()
        engine.dispose()
        return [f"{row.watch} in {row.show}, {row.episode}: {row.snippet}" for row in rows]

    read()


new_mentions()
