"""glancepipe's own tables: workers, journal, owners, reservations."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

OPTIONS: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}


def upgrade() -> None:
    op.create_table(
        "glancepipe_workers",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.DateTime, nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "glancepipe_journal",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("image_id", sa.String(36), nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("worker_id", sa.String(36), sa.ForeignKey("glancepipe_workers.id", ondelete="SET NULL")),
        sa.Column("created_at", sa.DateTime, nullable=False),
        **OPTIONS,
    )
    op.create_index("ix_glancepipe_journal_worker_id", "glancepipe_journal", ["worker_id"])
    op.create_table(
        "glancepipe_owners",
        sa.Column("owner", sa.String(255), primary_key=True),
        sa.Column("turn", sa.BigInteger, nullable=False),
        **OPTIONS,
    )
    op.create_table(
        "glancepipe_reservations",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("owner", sa.String(255)),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("worker_id", sa.String(36), sa.ForeignKey("glancepipe_workers.id", ondelete="CASCADE"), nullable=False),
        **OPTIONS,
    )
    op.create_index("ix_glancepipe_reservations_owner", "glancepipe_reservations", ["owner"])
    op.create_index("ix_glancepipe_reservations_worker_id", "glancepipe_reservations", ["worker_id"])
