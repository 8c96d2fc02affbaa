"""Whether a role of PostgreSQL may do all that podwatch does: asked of the server's catalogue, changing no row."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, text

from podwatch.store.failures import quote_name
from podwatch.store.tables import metadata

_VERSION = "alembic_version"  # written by migrations alone
_TABLES = text(
    "SELECT c.relname, has_table_privilege(c.oid, 'SELECT'), has_table_privilege(c.oid, 'INSERT') AND "
    "has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'), "
    "pg_has_role(c.relowner, 'USAGE') FROM pg_class c "
    "WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relname = ANY(:names) "
    "AND c.relkind IN ('r', 'p') ORDER BY c.relname"
)
_SEQUENCES = text(
    "SELECT s.relname, has_sequence_privilege(s.oid, 'USAGE') FROM pg_class s JOIN pg_depend d ON d.objid = s.oid "
    "AND d.classid = 'pg_class'::regclass AND d.deptype = 'a' JOIN pg_class c ON c.oid = d.refobjid "
    "WHERE s.relkind = 'S' AND c.relnamespace = to_regnamespace(quote_ident(current_schema())) "
    "AND c.relname = ANY(:names) ORDER BY s.relname"
)
_SCHEMA = text(
    "SELECT current_user, current_schema(), CASE WHEN current_schema() IS NULL THEN false ELSE "
    "has_schema_privilege(current_schema(), 'CREATE') END"
)


def find_missing_grants(connection: Connection, *, migrates: bool) -> tuple[str, str] | None:
    """(what the role may not do, what lets it), or None when it may do all. migrates: the tables are to be changed."""
    role, schema, may_create = connection.execute(_SCHEMA).one()
    to = quote_name(role)
    if schema is None:
        todo = f"GRANT USAGE, CREATE ON SCHEMA public TO {to}, or set its search_path to a schema of its own"
        return f"the role {role} may use no schema of the database", f"as its owner: {todo}"
    names = {"names": [*metadata.tables, _VERSION]}
    tables = connection.execute(_TABLES, names).all()
    within, what, grants = quote_name(schema), list[str](), list[str]()
    reads_only = set() if migrates else {_VERSION}
    if denied := [t for t, reads, writes, _ in tables if not (reads and (writes or t in reads_only))]:
        what.append(f"read and write {_listed(denied, 'the table')}")
        grants.append(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {_sql_names(denied, tables, within)} TO {to}")
    sequences = connection.execute(_SEQUENCES, names).all()
    if denied := [s for s, may in sequences if not may]:
        what.append(f"use {_listed(denied, 'the sequence')}")
        listed = f"ALL SEQUENCES IN SCHEMA {within}" if len(denied) > 3 else f"SEQUENCE {_joined(denied)}"
        grants.append(f"GRANT USAGE ON {listed} TO {to}")
    if migrates and not may_create:
        what.append(f"make tables in the schema {schema}")
        grants.append(f"GRANT USAGE, CREATE ON SCHEMA {within} TO {to}")
    if migrates and (foreign := [t for t, *_, owns in tables if not owns]):
        what.append(f"change {_listed(foreign, 'the table')}, which the migration has to")
        grants.append("let the owner of the tables run any other command once")
    return (f"the role {role} may not {', nor '.join(what)}", f"as their owner: {'; '.join(grants)}") if what else None


def _sql_names(denied: Sequence[str], tables: Collection[object], schema: str) -> str:
    return f"ALL TABLES IN SCHEMA {schema}" if len(denied) in (len(tables), len(tables) - 1) else _joined(denied)


def _joined(names: Sequence[str]) -> str:
    return ", ".join(map(quote_name, names))


def _listed(names: Sequence[str], one: str) -> str:
    return (
        f"{one} {names[0]}" if len(names) == 1 else f"{len(names)} of its {one.removeprefix('the ')}s ({names[0]}, ...)"
    )
