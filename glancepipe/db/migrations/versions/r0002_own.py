"""glancepipe's own tables: workers, journal, owners, reservations."""

import sqlalchemy as sa

from glancepipe.db.migrations.tables import make_table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    make_table(
        "glancepipe_workers",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
    )
    make_table(
        "glancepipe_journal",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("image_id", sa.String(36), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("worker_id", sa.String(36), sa.ForeignKey("glancepipe_workers.id", ondelete="SET NULL")),
        sa.Column("created_at", sa.DateTime, nullable=False),
        indexed=("worker_id",),
    )
    make_table(
        "glancepipe_owners",
        sa.Column("owner", sa.String(255), primary_key=True),
        sa.Column("turn", sa.BigInteger, nullable=False),
    )
    make_table(
        "glancepipe_reservations",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("owner", sa.String(255)),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("worker_id", sa.String(36), sa.ForeignKey("glancepipe_workers.id", ondelete="CASCADE"), nullable=False),
        indexed=("owner", "worker_id"),
    )
