"""Airflow's connections, and a variable of it, as the variables that podwatch reads.

Every component and task imports it, so the library is imported where it is used.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from podwatch.settings import Settings

log = logging.getLogger("podwatch")

# Airflow connections.
SLACK = "podwatch_slack"  # password: the bot token; host: the address of a Slack-compatible server, if it is another
DATABASE = "podwatch_database"  # of the type postgres or sqlite
SMTP = "podwatch_smtp"  # host, port, login, password; in its extra what _smtp_url reads
HEARTBEAT = "podwatch_heartbeat"  # password: the address that is asked when the line has run through

STORED = "podwatch_settings"  # an Airflow variable: a JSON object of settings, where the environment is not one's own
# Executors whose tasks run where the scheduler does; all others may run each task on another machine.
LOCAL_EXECUTORS = ("LocalExecutor", "SequentialExecutor")


def hiding_file() -> str:
    """The file that is registered as the module podwatch in the place of the library; "" for none.

    Airflow registers each file of the plugins folder under its own name, so that a team's podwatch.py there hides it.
    """
    there = sys.modules.get("podwatch")
    return "" if there is None or hasattr(there, "__path__") else str(there.__file__)


def uncover_library() -> None:
    """Makes `import podwatch` the library again, in a process of a task: what Airflow needs of the file is loaded."""
    if file := hiding_file():
        log.warning("podwatch: %s hides the library podwatch - give that file another name", file)
        del sys.modules["podwatch"]
        importlib.import_module("podwatch")


def read_settings(*, sends: bool = True, beats: bool = True, **defaults: str) -> Settings:
    """The settings of the environment, of this Airflow where that is silent, and of ``defaults`` where both are.

    sends, beats: as in podwatch_variables.
    """
    from podwatch import settings

    return settings.from_environment(defaults | podwatch_variables(os.environ, sends=sends, beats=beats))


def podwatch_variables(env: Mapping[str, str], *, sends: bool = True, beats: bool = True) -> dict[str, str]:
    """The variables that podwatch reads: the environment's, what they lack from the Airflow variable podwatch_settings,
    and what is lacking then from Airflow's connections.

    A connection is read only when its variable is missing, since in a task that is a request to the API server.
    sends: whether anybody is told of anything; beats: whether the heartbeat's address is asked. What neither needs is
    not read.
    Raises SettingsError where each machine would have a database of its own.
    """
    uncover_library()
    from podwatch.settings import describe_unknown

    found = stored_settings() | {name: value for name, value in env.items() if value.strip()}
    if unknown := describe_unknown(found):
        log.warning("podwatch: %s", unknown)
    if "PODWATCH_DATABASE_URL" not in found and (database := find_connection(DATABASE)) is not None:
        found["PODWATCH_DATABASE_URL"] = _database_url(database)
    if "PODWATCH_DATABASE_URL" not in found and (executor := distributed_executor()):
        what = f"no database is named, and under {executor} each machine would keep one of its own"
        todo = f"make the Airflow connection {DATABASE} (type postgres), or set PODWATCH_DATABASE_URL everywhere"
        raise _refuse(DATABASE, what, todo)
    if "PODWATCH_HOME" not in found and "PODWATCH_DATABASE_URL" in found and (folder := temporary_home()):
        found["PODWATCH_HOME"] = folder
    if sends:
        found = _services(found)
    if beats and "PODWATCH_HEARTBEAT_URL" not in found and (heartbeat := find_connection(HEARTBEAT)) is not None:
        found["PODWATCH_HEARTBEAT_URL"] = heartbeat.password or ""
    return found


def _services(known: Mapping[str, str]) -> dict[str, str]:
    """What is known, and of the connections what it lacks of Slack and of mail."""
    found = dict(known)
    if "SLACK_BOT_TOKEN" not in found and (slack := find_connection(SLACK)) is not None:
        theirs = {
            "SLACK_BOT_TOKEN": slack.password,
            "SLACK_APP_TOKEN": _extra(slack, "app_token"),
            "PODWATCH_SLACK_BASE_URL": base_url(slack),
            "PODWATCH_SLACK_PROXY": _extra(slack, "proxy"),
            "PODWATCH_SLACK_TIMEOUT": _extra(slack, "timeout"),
        }
        found = {name: str(value) for name, value in theirs.items() if value} | found
    if "PODWATCH_SMTP_URL" not in found and (smtp := find_connection(SMTP)) is not None:
        found["PODWATCH_SMTP_URL"] = _smtp_url(smtp)
        if sender := _extra(smtp, "from_email"):
            found.setdefault("PODWATCH_MAIL_FROM", str(sender))
    return found


def temporary_home() -> str:
    """A folder for what podwatch keeps beside its database; "" where the user's home can be written.

    In managed Airflows it often cannot, or there is none. Only its owner may read the folder.
    """
    from podwatch.settings import default_home

    try:
        folder = default_home()
        there = next(p for p in (folder, *folder.parents) if p.exists())
        if os.access(there, os.W_OK | os.X_OK):
            return ""
    except (RuntimeError, OSError):  # the user has no entry, as in some containers
        pass
    made = Path(tempfile.gettempdir()) / f"podwatch-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        made.mkdir(mode=0o700)
    found = made.lstat()  # a link to it may be anybody's
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return str(made) if is_ours else tempfile.mkdtemp(prefix="podwatch-")


def distributed_executor() -> str:
    """The executor of this Airflow whose tasks may run on several machines; "" when all run on one."""
    from airflow.configuration import conf

    if os.environ.get("AIRFLOW_IS_K8S_EXECUTOR_POD"):  # in a pod the setting itself says LocalExecutor
        return "KubernetesExecutor"
    named = [e.rpartition(":")[2].rpartition(".")[2].strip() for e in conf.get("core", "executor").split(",")]
    return next((e for e in named if e not in LOCAL_EXECUTORS), "")


def stored_settings() -> dict[str, str]:
    """The settings of the Airflow variable podwatch_settings as text; raises SettingsError for what is none."""
    from airflow.sdk import Variable

    text = Variable.get(STORED, default=None)
    if not text:
        return {}
    todo = 'write JSON such as {"PODWATCH_CONTACT": "podcasts@example.org"}'
    try:
        tree = json.loads(text)
    except ValueError:
        tree = None
    if not isinstance(tree, dict):
        raise _refuse(f"variable {STORED}", "is not a JSON object", todo)
    if wrong := [name for name in tree if not name.startswith(("PODWATCH_", "SLACK_"))]:
        raise _refuse(f"variable {STORED}", f"{wrong[0]} is no setting", todo)
    return {name: _as_text(value) for name, value in tree.items() if value not in (None, "")}


def _as_text(value: Any) -> str:
    """A value of JSON as a variable of the environment would say it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return value if isinstance(value, str) else json.dumps(value)


def find_connection(name: str) -> Connection | None:
    """An Airflow connection, or None when there is none of that name."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        found: Connection = Connection.get(name)
    except AirflowNotFoundException:
        return None
    return found


def _extras(connection: Connection) -> dict[str, Any]:
    found = connection.extra_dejson
    return found if isinstance(found, dict) else {}


def _extra(connection: Connection, name: str) -> Any:
    """A value of the extra, under its name or the prefixed one of Airflow's old forms; None for an empty one."""
    values = (_extras(connection).get(n) for n in (name, f"extra__{connection.conn_type}__{name}"))
    return next((v for v in values if v not in (None, "")), None)


def _is_set(connection: Connection, name: str) -> bool | None:
    """A yes or no of the extra; None when it says neither."""
    value = str(_extra(connection, name)).strip().lower()
    return True if value in ("true", "yes", "on", "1") else False if value in ("false", "no", "off", "0") else None


def _bracket(host: str) -> str:
    """A host as it stands in an address: IPv6 in brackets."""
    return f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host


def base_url(slack: Connection) -> str:
    """base_url of the extra, or host, which may be a whole address (https://slack.example/api/), with schema and port.

    "" when the connection names no server.
    """
    host = str(_extra(slack, "base_url") or slack.host or "")
    if not host:
        return ""
    if "://" not in host:
        name, slash, path = host.partition("/")
        host = f"{slack.schema or 'https'}://{_bracket(name)}{slash}{path}"
    try:
        parts = urlsplit(host)
        has_port = parts.port is not None
    except ValueError:
        return host  # the settings refuse it, or nothing answers there
    if has_port or not slack.port or _extra(slack, "base_url"):
        return host
    return parts._replace(netloc=f"{parts.netloc}:{slack.port}").geturl()


def _refuse(name: str, what: str, todo: str) -> Exception:
    from podwatch.errors import SettingsError

    where = f"the Airflow {name}" if name.startswith("variable ") else f"the Airflow connection {name}"
    return SettingsError(what, where=where, todo=todo)


def _database_url(database: Connection) -> str:
    """The connection as a URL of SQLAlchemy's. Raises SettingsError for one that names no database of podwatch's."""
    kind = (database.conn_type or "").replace("_", "-").partition("+")[0]
    if kind == "sqlite":
        path = database.schema or database.host
        if not path:
            raise _refuse(DATABASE, "names no file", "fill in its schema: the full path of the SQLite file")
        return f"sqlite:///{path}"
    if kind not in ("postgres", "postgresql"):
        what = f"is of the type {kind}" if kind else "has no type"
        raise _refuse(DATABASE, what, "podwatch keeps its tables in postgres or sqlite")
    options, host = _postgres_options(database), database.host or ""
    if host.startswith(("/", "@")) or "," in host:  # a socket's folder, an abstract socket, several servers
        ports = ",".join([str(database.port)] * (host.count(",") + 1))
        options = {"host": host, **({"port": ports} if database.port else {}), **options}
        server = ""
    else:
        server = _bracket(host) + (f":{database.port}" if database.port else "")
    login = quote(database.login or "", safe="")
    if database.password:
        login += f":{quote(database.password, safe='')}"
    query = f"?{urlencode(options, quote_via=quote)}" if options else ""
    return f"postgresql://{login}{'@' if login else ''}{server}/{quote(database.schema or '', safe='')}{query}"


# Of the extra of a postgres connection, what is for Airflow's own hooks.
_AIRFLOW_ONLY = {"iam", "aws_conn_id", "azure_conn_id", "redshift", "redshift-serverless", "cluster-identifier"}
_AIRFLOW_ONLY |= {"workgroup-name", "region_name", "cursor", "sqlalchemy_scheme", "sqlalchemy_query"}
_AIRFLOW_ONLY |= {"enable_log_db_messages"}


def _postgres_options(database: Connection) -> dict[str, str]:
    """What of the extra is an option of the connection (sslmode, connect_timeout, keepalives ...), as text."""
    try:
        from psycopg import pq
    except ImportError:
        raise _refuse(DATABASE, "needs the driver of PostgreSQL", "pip install 'podwatch[postgres]'") from None
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()} | {"prepare_threshold"}
    query = _extras(database).get("sqlalchemy_query")
    found = {}
    for name, value in {**_extras(database), **(query if isinstance(query, dict) else {})}.items():
        if name in known and isinstance(value, bool):
            found[name] = str(int(value))
        elif name in known and isinstance(value, str | int | float):
            found[name] = str(int(value) if isinstance(value, float) and value.is_integer() else value)
        elif name not in _AIRFLOW_ONLY and value is not None:
            log.warning("podwatch: %s in the extra of %s is no option of PostgreSQL: it is left out", name, DATABASE)
    return found


def _smtp_url(smtp: Connection) -> str:
    """As PODWATCH_SMTP_URL. How it is encrypted the extra says: tls, or disable_ssl and disable_tls of Airflow's form.

    Without them port 465 means TLS from the first byte (RFC 8314), any other STARTTLS.
    """
    if not smtp.host:
        raise _refuse(SMTP, "names no mail server", "fill in its host")
    tls = _extra(smtp, "tls")
    if tls is None:
        no_ssl, no_starttls = _is_set(smtp, "disable_ssl"), _is_set(smtp, "disable_tls")
        if no_ssl is None:
            no_ssl = smtp.port != 465
        elif not no_ssl:
            no_ssl = smtp.port in (25, 587)  # where no server speaks TLS from the first byte
        tls = "implicit" if not no_ssl else "none" if no_starttls else "starttls"
    if _extra(smtp, "ssl_context") == "none":
        log.warning("podwatch: ssl_context of %s is not used: certificates are always verified (SSL_CERT_FILE)", SMTP)
    login = f"{quote(smtp.login, safe='')}:{quote(smtp.password or '', safe='')}@" if smtp.login else ""
    port = f":{smtp.port}" if smtp.port else ""
    end = "?tls=none" if tls == "none" else ""
    return f"{'smtps' if tls == 'implicit' else 'smtp'}://{login}{_bracket(smtp.host)}{port}{end}"
