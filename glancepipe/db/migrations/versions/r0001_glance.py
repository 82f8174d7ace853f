"""Glance's tables, where they do not exist, and Glance's own note that they are at its head."""

import sqlalchemy as sa
from alembic import op

from glancepipe.db import schema
from glancepipe.db.models import GLANCE_HEAD, glance

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make what Glance 33 would have made, or check that it has.

    Raises ValueError if the tables are of another Glance: only its own ``glance-manage`` knows how to go on from there.
    """
    connection = op.get_bind()
    present = set(sa.inspect(connection).get_table_names())
    version = sa.table("alembic_version", sa.column("version_num", sa.String(32)))
    noted = "alembic_version" in present and sorted(connection.scalars(sa.select(version.c.version_num)))
    if noted or (noted == [] and not glance.tables.keys() <= present):
        refusal = schema.foreign(", ".join(noted))
        if refusal:
            raise ValueError(refusal)
    elif "migrate_version" in present:
        raise ValueError("The database has the schema of a very old Glance: upgrade it with `glance-manage db sync` first.")
    else:
        # What an interrupted upgrade has made is complete, table by table; anything else is somebody else's.
        for name in sorted(present & glance.tables.keys()):
            if {column["name"] for column in sa.inspect(connection).get_columns(name)} != set(glance.tables[name].columns.keys()):
                raise ValueError(f"The database has a table {name!r} that is not Glance's: name another database in [database] connection.")
    glance.create_all(connection, checkfirst=True)
    if "alembic_version" not in present:
        op.create_table(
            "alembic_version",
            sa.Column("version_num", sa.String(32), nullable=False),
            sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
        )
    if not noted:
        op.execute(version.insert().values(version_num=GLANCE_HEAD))
