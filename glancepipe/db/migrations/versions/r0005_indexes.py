"""The indexes that listings need, on Glance's tables; `glancepipe db indexes drop` removes them."""

from alembic import context, op

from glancepipe.db import indexes

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    indexes.create(op.get_bind(), context.config.attributes["say"])
