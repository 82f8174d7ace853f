"""Verbs that get a record from a reader who may not read all of it: further in they see it whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from glancepipe.contract import (
    Call,
    ChangeSet,
    Data,
    Image,
    ImageProxy,
    Location,
    Member,
    MemberRepoProxy,
    Span,
    Target,
    Task,
    TaskRepoProxy,
)
from glancepipe_property_protection.redacted import whole

if TYPE_CHECKING:
    from glancepipe_property_protection.layer import PropertyProtection


class WholeImage(ImageProxy["PropertyProtection"]):
    """A signature must be verified, and a property counted, although the caller can't read it."""

    def begin_data(self, call: Call, image: Image, target: Target) -> ChangeSet:
        return self.inner.begin_data(call, whole(image), target)

    def set_data(self, call: Call, image: Image, data: Data, target: Target) -> ChangeSet:
        return self.inner.set_data(call, whole(image), data, target)

    def get_data(self, call: Call, image: Image, span: Span | None = None, prefer: tuple[str, ...] = ()) -> Data:
        return self.inner.get_data(call, whole(image), span, prefer)

    def digest_data(self, call: Call, image: Image, location: Location) -> ChangeSet:
        return self.inner.digest_data(call, whole(image), location)

    def add_copy(self, call: Call, image: Image, target: Target) -> ChangeSet:
        return self.inner.add_copy(call, whole(image), target)

    def deactivate(self, call: Call, image: Image) -> ChangeSet:
        return self.inner.deactivate(call, whole(image))

    def reactivate(self, call: Call, image: Image) -> ChangeSet:
        return self.inner.reactivate(call, whole(image))

    def delete(self, call: Call, image: Image) -> ChangeSet:
        return self.inner.delete(call, whole(image))


class WholeMembers(MemberRepoProxy["PropertyProtection"]):
    """Policy rules about memberships may look at the image's properties."""

    def list(self, call: Call, image: Image) -> Sequence[Member]:
        return self.inner.list(call, whole(image))

    def get(self, call: Call, image: Image, member_id: str) -> Member:
        return self.inner.get(call, whole(image), member_id)

    def add(self, call: Call, image: Image, member_id: str) -> Member:
        return self.inner.add(call, whole(image), member_id)

    def save(self, call: Call, image: Image, member: Member, status: str) -> Member:
        return self.inner.save(call, whole(image), member, status)

    def remove(self, call: Call, image: Image, member: Member) -> Member:
        return self.inner.remove(call, whole(image), member)


class WholeTasks(TaskRepoProxy["PropertyProtection"]):
    """A task works on the image as it is."""

    def new_task(self, call: Call, type: str, input: Mapping[str, Any], image: Image | None = None) -> Task:
        return self.inner.new_task(call, type, input, None if image is None else whole(image))
