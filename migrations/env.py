"""Runs the migrations on the connection, and in the transaction, that the program hands over."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    # SQLite can take a migration back as a whole too; Alembic only does not expect it to.
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
