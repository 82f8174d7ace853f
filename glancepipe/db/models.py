"""The tables: Glance's own (FEATURES 9-01 to 9-15) as they are at its head ``2024_1_contract01``, and glancepipe's.

Glance starts on a database that glancepipe used and the other way round, so the first part must not drift from what
``glance-manage db sync`` makes; ``tests/integration/test_schema.py`` compares them. What glancepipe needs beyond it
is in tables of its own, which Glance never looks at.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

GLANCE_HEAD = "2024_1_contract01"
"""The revision of Glance's schema that these tables are."""

glance = MetaData()
own = MetaData()

# Glance's later migrations rebuilt ``images`` on SQLite, which made its sizes INTEGER and dropped its checks.
_Size = BigInteger().with_variant(Integer, "sqlite")
_BigId = BigInteger().with_variant(Integer, "sqlite")
_Checked = Boolean(create_constraint=True)


def _table(metadata: MetaData, name: str, *items: Any) -> Table:
    return Table(name, metadata, *items, mysql_engine="InnoDB", mysql_charset="utf8mb4")


def _times() -> tuple[Column[Any], ...]:
    return Column("created_at", DateTime, nullable=False), Column("updated_at", DateTime)


def _soft_delete(boolean: Boolean = _Checked) -> tuple[Column[Any], ...]:
    return Column("deleted_at", DateTime), Column("deleted", boolean, nullable=False)


def _child_of_image() -> tuple[Column[Any], ...]:
    return Column("id", Integer, primary_key=True), Column("image_id", String(36), ForeignKey("images.id"), nullable=False)


images = _table(
    glance,
    "images",
    Column("id", String(36), primary_key=True),
    Column("name", String(255)),
    Column("size", _Size),
    Column("virtual_size", _Size),
    Column("status", String(30), nullable=False),
    Column("disk_format", String(20)),
    Column("container_format", String(20)),
    Column("checksum", String(32)),
    Column("owner", String(255)),
    Column("min_disk", Integer, nullable=False),
    Column("min_ram", Integer, nullable=False),
    Column("protected", Boolean, nullable=False, server_default=false()),
    Column(
        "visibility", Enum("private", "public", "shared", "community", name="image_visibility"), nullable=False, server_default="shared"
    ),
    Column("os_hidden", Boolean, nullable=False, server_default=false()),
    Column("os_hash_algo", String(64)),
    Column("os_hash_value", String(128)),
    *_times(),
    *_soft_delete(Boolean()),
    Index("checksum_image_idx", "checksum"),
    Index("visibility_image_idx", "visibility"),
    Index("ix_images_deleted", "deleted"),
    Index("owner_image_idx", "owner"),
    Index("created_at_image_idx", "created_at"),
    Index("updated_at_image_idx", "updated_at"),
    Index("os_hidden_image_idx", "os_hidden"),
    Index("os_hash_value_image_idx", "os_hash_value"),
)

image_properties = _table(
    glance,
    "image_properties",
    *_child_of_image(),
    Column("name", String(255), nullable=False),
    Column("value", Text),
    *_times(),
    *_soft_delete(),
    UniqueConstraint("image_id", "name", name="ix_image_properties_image_id_name"),
    Index("ix_image_properties_image_id", "image_id"),
    Index("ix_image_properties_deleted", "deleted"),
)

image_tags = _table(
    glance,
    "image_tags",
    *_child_of_image(),
    Column("value", String(255), nullable=False),
    *_times(),
    *_soft_delete(),
    Index("ix_image_tags_image_id", "image_id"),
    Index("ix_image_tags_image_id_tag_value", "image_id", "value"),
)

image_locations = _table(
    glance,
    "image_locations",
    *_child_of_image(),
    Column("value", Text, nullable=False),
    Column("meta_data", Text),
    Column("status", String(30), nullable=False, server_default="active"),
    *_times(),
    *_soft_delete(),
    Index("ix_image_locations_image_id", "image_id"),
    Index("ix_image_locations_deleted", "deleted"),
)

image_members = _table(
    glance,
    "image_members",
    *_child_of_image(),
    Column("member", String(255), nullable=False),
    Column("can_share", _Checked, nullable=False),
    Column("status", String(20), nullable=False, server_default="pending"),
    *_times(),
    *_soft_delete(),
    UniqueConstraint("image_id", "member", "deleted_at", name="image_members_image_id_member_deleted_at_key"),
    Index("ix_image_members_deleted", "deleted"),
    Index("ix_image_members_image_id", "image_id"),
    Index("ix_image_members_image_id_member", "image_id", "member"),
)

tasks = _table(
    glance,
    "tasks",
    Column("id", String(36), primary_key=True),
    Column("type", String(30), nullable=False),
    Column("status", String(30), nullable=False),
    Column("owner", String(255), nullable=False),
    Column("expires_at", DateTime),
    Column("image_id", String(36)),
    Column("request_id", String(64)),
    Column("user_id", String(64)),
    *_times(),
    *_soft_delete(),
    *(Index(f"ix_tasks_{name}", name) for name in ("type", "status", "owner", "deleted", "updated_at", "image_id")),
)

task_info = _table(
    glance,
    "task_info",
    Column("task_id", String(36), ForeignKey("tasks.id"), primary_key=True),
    Column("input", Text),
    Column("result", Text),
    Column("message", Text),
)

node_reference = _table(
    glance,
    "node_reference",
    Column("node_reference_id", _BigId, primary_key=True),
    Column("node_reference_url", String(255), nullable=False),
    UniqueConstraint("node_reference_url", name="uq_node_reference_node_reference_url"),
)

cached_images = _table(
    glance,
    "cached_images",
    Column("id", _BigId, primary_key=True),
    Column("image_id", String(36), nullable=False),
    Column("last_accessed", DateTime, nullable=False),
    Column("last_modified", DateTime, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("hits", Integer, nullable=False),
    Column("checksum", String(32)),
    Column("node_reference_id", _BigId, ForeignKey("node_reference.node_reference_id"), nullable=False),
    UniqueConstraint("image_id", "node_reference_id", name="ix_cached_images_image_id_node_reference_id"),
)

metadef_namespaces = _table(
    glance,
    "metadef_namespaces",
    Column("id", Integer, primary_key=True),
    Column("namespace", String(80), nullable=False),
    Column("display_name", String(80)),
    Column("description", Text),
    Column("visibility", String(32)),
    Column("protected", _Checked),
    Column("owner", String(255), nullable=False),
    *_times(),
    UniqueConstraint("namespace", name="uq_metadef_namespaces_namespace"),
    Index("ix_metadef_namespaces_owner", "owner"),
)


def _metadef_child(name: str, *columns: Column[Any]) -> Table:
    return _table(
        glance,
        name,
        Column("id", Integer, primary_key=True),
        Column("namespace_id", Integer, ForeignKey("metadef_namespaces.id"), nullable=False),
        Column("name", String(80), nullable=False),
        *columns,
        *_times(),
        UniqueConstraint("namespace_id", "name", name=f"uq_{name}_namespace_id_name"),
        Index(f"ix_{name}_name", "name"),
    )


metadef_objects = _metadef_child(
    "metadef_objects", Column("description", Text), Column("required", Text), Column("json_schema", Text, nullable=False)
)
metadef_properties = _metadef_child("metadef_properties", Column("json_schema", Text, nullable=False))
metadef_tags = _metadef_child("metadef_tags")

metadef_resource_types = _table(
    glance,
    "metadef_resource_types",
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("protected", _Checked, nullable=False),
    *_times(),
    UniqueConstraint("name", name="uq_metadef_resource_types_name"),
)

metadef_namespace_resource_types = _table(
    glance,
    "metadef_namespace_resource_types",
    Column("resource_type_id", Integer, ForeignKey("metadef_resource_types.id"), primary_key=True),
    Column("namespace_id", Integer, ForeignKey("metadef_namespaces.id"), primary_key=True),
    Column("properties_target", String(80)),
    Column("prefix", String(80)),
    *_times(),
    Index("ix_metadef_ns_res_types_namespace_id", "namespace_id"),
)

workers = _table(
    own,
    "glancepipe_workers",
    Column("id", String(36), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("seen_at", DateTime, nullable=False),
)
"""Worker processes. ``seen_at`` is by the database's clock; ``started`` is the kernel's start time of the process."""

journal = _table(
    own,
    "glancepipe_journal",
    Column("id", String(64), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("image_id", String(36), nullable=False),
    Column("details", Text, nullable=False),
    Column("worker_id", String(36), ForeignKey("glancepipe_workers.id", ondelete="SET NULL")),
    Column("created_at", DateTime, nullable=False),
    Index("ix_glancepipe_journal_worker_id", "worker_id"),
)
"""Open intents. One without a worker is up for adoption. No key on images: an entry may outlive a purged image."""

tombstones = _table(
    own,
    "glancepipe_tombstones",
    Column("id", String(36), primary_key=True),
    Column("purged_at", DateTime, nullable=False),
)
"""The ids of images whose rows were purged: an id is never used again."""

owners = _table(
    own,
    "glancepipe_owners",
    Column("owner", String(255), primary_key=True),
    Column("turn", BigInteger, nullable=False),
)
"""A row per owner that has reserved: writing it serialises reservations, on a Galera cluster too."""

reservations = _table(
    own,
    "glancepipe_reservations",
    Column("id", String(36), primary_key=True),
    Column("owner", String(255)),
    Column("amount", BigInteger, nullable=False),
    Column("worker_id", String(36), ForeignKey("glancepipe_workers.id", ondelete="CASCADE"), nullable=False),
    Column("counts_for", String(16), nullable=False, server_default="stored"),
    Column("image_id", String(36)),
    Index("ix_glancepipe_reservations_owner", "owner"),
    Index("ix_glancepipe_reservations_worker_id", "worker_id"),
)
"""Bytes and counts held for what is under way. They vanish with their worker's row."""
