"""What Airflow's own tools see of podwatch: events of assets when something was found, buttons that lead to the page.

Imported with the plugin, in every task: nothing heavy at the top.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from podwatch_airflow import page

if TYPE_CHECKING:
    from airflow.sdk import AssetAlias, BaseOperatorLink

    from podwatch.store.database import Store

# Assets. An outlet of detect is an alias, which a task may leave without an event; a plain asset has one each time.
ALERTS = "podwatch_alerts"  # starts the DAG podwatch_deliver
LEFT = "podwatch_left"  # starts the DAG podwatch_catch_up: a run's time was over before everything was asked for
MENTIONS = "podwatch_mentions"  # for a team's own DAGs; its alias has the same name
MOST_IDS = 1000  # in an event; a program reads the others by their range
# What a task's button leads to. since: the alerts of this day, since a run has no view of its own.
VIEWS = {"poll": "/feeds", "fetch": "/coverage", "detect": "/alerts", "deliver": "/alerts"}


def detect_outlets() -> list[AssetAlias]:
    """What the task detect may have events of."""
    return [_alerts_outlet(), _mentions_outlet()]


def _alerts_outlet() -> AssetAlias:
    from airflow.sdk import AssetAlias

    return AssetAlias(f"{ALERTS}_found")


def left_outlet() -> AssetAlias:
    """What the tasks poll and fetch may have events of."""
    from airflow.sdk import AssetAlias

    return AssetAlias(f"{LEFT}_over")


def _mentions_outlet() -> AssetAlias:
    from airflow.sdk import AssetAlias

    return AssetAlias(MENTIONS)


def announce_alerts() -> None:
    """Adds an event of the asset ALERTS."""
    from airflow.sdk import Asset, get_current_context

    get_current_context()["outlet_events"][_alerts_outlet()].add(Asset(ALERTS))


def announce_left() -> None:
    """Adds an event of the asset LEFT."""
    from airflow.sdk import Asset, get_current_context

    get_current_context()["outlet_events"][left_outlet()].add(Asset(LEFT))


def begin_announcing(store: Store, now: datetime) -> None:
    """Before the first detect that announces anything: what was found earlier is not new."""
    from podwatch.store.marks import ANNOUNCED

    store.ensure_mark(ANNOUNCED, now, str(store.newest_mention_id()))


def announce_mentions(store: Store, now: datetime) -> int:
    """Adds an event of the asset when mentions were stored since the last one; returns how many.

    Also those of a run that died before it could tell, of a backfill and of the command line.
    """
    from airflow.sdk import Asset, get_current_context

    from podwatch.store.marks import ANNOUNCED

    mark = store.ensure_mark(ANNOUNCED, now, str(store.newest_mention_id()))
    found = store.mentions_after(int(mark.value), MOST_IDS)
    if found.count:
        extra: dict[str, Any] = {
            "mentions": list(found.ids),
            "count": found.count,
            "first": found.ids[0],
            "last": found.last,
        }
        get_current_context()["outlet_events"][_mentions_outlet()].add(Asset(MENTIONS), extra=extra)
        store.set_mark(ANNOUNCED, now, str(found.last))
    return found.count


def link_to_page(task: Any) -> Any:
    """The same task, of a DAG file, with a button in Airflow's site that leads to its view of the page."""
    operator = getattr(task, "operator", task)
    operator.operator_extra_links = (_page_link(),)
    return task


def _page_link() -> BaseOperatorLink:
    from airflow.sdk import BaseOperatorLink

    class PageLink(BaseOperatorLink):
        """Airflow calls it when a task instance ends, and keeps what it returns."""

        @property
        def name(self) -> str:
            return "podwatch"

        def get_link(self, operator: Any, *, ti_key: Any) -> str:
            return page_address(operator.task_id, datetime.now(UTC))

    return PageLink()


def page_address(task_id: str, now: datetime) -> str:
    """The view of a task, below Airflow's own address."""
    view = VIEWS.get(task_id, "/alerts")
    return f"{page.find_prefix()}{view}" + (f"?since={now:%Y-%m-%d}" if view == "/alerts" else "")
