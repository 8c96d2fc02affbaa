"""An Airflow home by somebody else's recipe: DAGs, modules, a plugin and a cluster policy of a team's own.

Its names are those that podwatch must get along with: a folder dags/pipeline, a plugin file podwatch.py.
"""

from __future__ import annotations

from pathlib import Path

FILES = {
    "dags/pipeline/__init__.py": "",
    "dags/pipeline/steps.py": "def double(n):\n    return 2 * n\n",
    "dags/sales.py": """
from airflow.sdk import dag, task
from pipeline.steps import double


@dag(schedule=None, tags=["newsroom"])
def sales():
    @task
    def count():
        import podwatch  # the team's plugin file

        return [double(21), podwatch.TEAM]

    count()


sales()
""",
    "plugins/podwatch.py": """
from airflow.plugins_manager import AirflowPlugin

TEAM = "newsroom"


class TeamPlugin(AirflowPlugin):
    name = "team"
""",
    "plugins/pipeline_macros.py": "WORDS = 2\n",
    "config/airflow_local_settings.py": """
def task_policy(task):
    task.owner = "newsroom"
""",
}


def write_site(home: Path) -> dict[Path, str]:
    """Writes the files into an Airflow home; returns them with their texts, to compare later."""
    written = {home / name: text for name, text in FILES.items()}
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return written


def changed_files(written: dict[Path, str]) -> list[str]:
    """Those of the site's files that are not as they were."""
    return [str(path) for path, text in written.items() if not path.is_file() or path.read_text() != text]
