"""Run by alembic, in the transaction that connection.upgrade_schema has begun."""

from alembic import context

from podwatch.store.tables import complete_metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=complete_metadata(), render_as_batch=True)
context.run_migrations()
