"""What Alembic runs: the missing migrations, in the transaction that is already open."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
