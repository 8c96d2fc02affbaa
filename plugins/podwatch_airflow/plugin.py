"""What Airflow registers as the plugin podwatch: the page under /podwatch of its own site, and its place in the menu.

An installed podwatch names this class in its entry points (`airflow.plugins`). Airflow imports it in every component
and every task, so nothing heavy is imported here.
"""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from podwatch_airflow import page


class PodwatchPlugin(AirflowPlugin):
    """So that `airflow plugins` lists it, and the page is in Airflow."""

    name = "podwatch"
    fastapi_apps = [{"app": page.LazyPage(), "url_prefix": page.PREFIX, "name": page.NAME}]  # noqa: RUF012
    external_views = [page.menu_entry()]  # noqa: RUF012 - Airflow declares them so
