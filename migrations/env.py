"""What Alembic runs: the migrations, on the connection that lyo_rt/database/migrate.py hands over (and has locked)."""

from alembic import context

from migrations.tables import all_tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=all_tables(),
    compare_type=True,
    compare_server_default=True,
)

with context.begin_transaction():
    context.run_migrations()
