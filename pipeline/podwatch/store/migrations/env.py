"""What alembic runs: the connection is handed over by store.engine, so that its rules for transactions hold."""

from alembic import context

from podwatch.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
