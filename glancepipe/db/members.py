"""The projects with which images are shared (FEATURES 4.1, 9-05). Who may see or change what is auth's to say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select, update

from glancepipe.contract.call import Call
from glancepipe.contract.errors import Duplicate, ImageNotFound, NotFound
from glancepipe.contract.proxies import MemberRepoProxy
from glancepipe.contract.records import Image, Member
from glancepipe.db import records
from glancepipe.db.base import Base
from glancepipe.db.commits import commit
from glancepipe.db.database import now
from glancepipe.db.models import image_members, images
from glancepipe.db.sql import live
from glancepipe.db.values import checked, obstacle


class DbMemberRepo(MemberRepoProxy[Base]):
    """Ends the noun."""

    def list(self, call: Call, image: Image) -> Sequence[Member]:
        """All members, in the order in which they were added."""
        found = select(image_members).where(image_members.c.image_id == image.id, live(image_members)).order_by(image_members.c.id)
        return [records.member(row) for row in self.layer.read(call, lambda connection: connection.execute(found).all())]

    def get(self, call: Call, image: Image, member_id: str) -> Member:
        """One member. Raises NotFound."""
        if obstacle(image_members.c.member, member_id):
            raise _not_found(image.id, member_id)
        return records.member(self.layer.read(call, lambda connection: _found(connection, image.id, member_id)))

    def add(self, call: Call, image: Image, member_id: str) -> Member:
        """Insert a membership, or revive the one that was removed (FEATURES 4.1-02). Raises Duplicate, ImageNotFound, Invalid."""
        row = checked(image_members, "a membership", {"image_id": image.id, "member": member_id, "status": "pending", "can_share": False})

        def share(connection: Connection, worker_id: str) -> Member:
            # The table's constraint lets two live rows pass (their deleted_at is null), so the image's row is the lock.
            if connection.execute(select(images.c.id).where(images.c.id == image.id, live(images)).with_for_update()).first() is None:
                raise ImageNotFound(image.id)
            if connection.dialect.name == "mysql":
                _show_the_lock(connection, image.id)
            if _row(connection, image.id, member_id) is not None:
                raise Duplicate(f"Member {member_id} is already associated with image {image.id}.")
            time = now()
            fresh = {"status": "pending", "deleted": False, "deleted_at": None, "created_at": time, "updated_at": time}
            removed = select(image_members.c.id).where(_membership(image.id, member_id)).order_by(image_members.c.id.desc()).limit(1)
            found = connection.scalar(removed)
            if found is None:
                connection.execute(insert(image_members).values(row | fresh))
            else:
                connection.execute(update(image_members).where(image_members.c.id == found).values(fresh))
            return _stored(connection, image.id, member_id)

        return commit(self.layer, call, "members.add", share)

    def save(self, call: Call, image: Image, member: Member, status: str) -> Member:
        """Set the status. Raises NotFound, Invalid."""
        values = checked(image_members, "a membership", {"status": status, "updated_at": now()})

        def answer(connection: Connection, worker_id: str) -> Member:
            _change(connection, image.id, member.member, values)
            return _stored(connection, image.id, member.member)

        return commit(self.layer, call, "members.save", answer)

    def remove(self, call: Call, image: Image, member: Member) -> Member:
        """Soft-delete the membership. Raises NotFound."""

        def unshare(connection: Connection, worker_id: str) -> Member:
            row = _row(connection, image.id, member.member)
            time = now()
            _change(connection, image.id, member.member, {"deleted": True, "deleted_at": time, "updated_at": time})
            assert row is not None
            return records.member(connection.execute(select(image_members).where(image_members.c.id == row.id)).one())

        return commit(self.layer, call, "members.remove", unshare)


def _show_the_lock(connection: Connection, image_id: str) -> None:
    """Nodes of a Galera cluster don't see each other's locks: only what is written makes one of two transactions fail."""
    turned = update(images).where(images.c.id == image_id).values(protected=~images.c.protected)
    for _ in ("there", "and back"):
        connection.execute(turned)


def _membership(image_id: str, member_id: str) -> ColumnElement[bool]:
    return and_(image_members.c.image_id == image_id, image_members.c.member == member_id)


def _row(connection: Connection, image_id: str, member_id: str) -> Row[Any] | None:
    return connection.execute(select(image_members).where(_membership(image_id, member_id), live(image_members))).first()


def _found(connection: Connection, image_id: str, member_id: str) -> Row[Any]:
    row = _row(connection, image_id, member_id)
    if row is None:
        raise _not_found(image_id, member_id)
    return row


def _stored(connection: Connection, image_id: str, member_id: str) -> Member:
    row = _row(connection, image_id, member_id)
    assert row is not None
    return records.member(row)


def _change(connection: Connection, image_id: str, member_id: str, values: dict[str, Any]) -> None:
    theirs = update(image_members).where(_membership(image_id, member_id), live(image_members))
    if not connection.execute(theirs.values(values)).rowcount:
        raise _not_found(image_id, member_id)


def _not_found(image_id: str, member_id: str) -> NotFound:
    return NotFound(f"{member_id} is not a member of image {image_id}.")
