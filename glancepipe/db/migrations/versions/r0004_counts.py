"""Reservations of more than bytes: what one counts for, and the image for which it is held."""

import sqlalchemy as sa

from glancepipe.db.migrations.tables import add_column

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    add_column("glancepipe_reservations", sa.Column("counts_for", sa.String(16), nullable=False, server_default="stored"))
    add_column("glancepipe_reservations", sa.Column("image_id", sa.String(36)))
