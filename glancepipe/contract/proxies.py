"""The nouns and their verbs. Each class is both the interface of a noun and the base of a layer's proxy for it.

A layer's author subclasses one of these and writes only the verbs that the layer changes, calling
``self.inner.<verb>`` to go on inwards. At start the builder points every ``inner`` straight at the nearest inner
layer that acts on the verb: a layer that leaves a verb alone adds no frame to it. Proxies hold no state of a
request; the first argument of every verb is the Call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from glancepipe.contract.call import Call, Caller
from glancepipe.contract.changes import ChangeSet
from glancepipe.contract.data import Data, Span
from glancepipe.contract.metadefs import DefinitionRepoProxy, NamespaceRepoProxy, ResourceTypeRepoProxy
from glancepipe.contract.proxy import L, Proxy
from glancepipe.contract.query import ImageQuery, Page
from glancepipe.contract.records import Image, ImageValues, Intent, Location, Member, Reservation, Target, Usage, UsageReport
from glancepipe.contract.tasks import TaskRepoProxy


class ImageFactoryProxy(Proxy[L]):
    """Makes image records, in memory."""

    def new_image(self, call: Call, values: ImageValues) -> Image:
        """The record of a new image as ``call.actor`` proposes it. Raises Invalid, Forbidden, LimitExceeded."""
        return self.inner.new_image(call, values)


class ImageRepoProxy(Proxy[L]):
    """Keeps image records."""

    def get(self, call: Call, image_id: str) -> Image:
        """The image's record. Raises ImageNotFound, Forbidden."""
        return self.inner.get(call, image_id)

    def list(self, call: Call, query: ImageQuery) -> Page:
        """A page of records. Raises Invalid (marker), Forbidden."""
        return self.inner.list(call, query)

    def add(self, call: Call, image: Image) -> Image:
        """Keep a new record; answers it as stored. Raises Duplicate (also for ids of deleted images)."""
        return self.inner.add(call, image)

    def save(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Store ``changes`` to ``image``, all of them or none; answers the record as stored.

        Raises StatusChanged (also if the change settles a journal entry that another worker has adopted: what it
        protected may have been undone), ImageNotFound, Invalid, InvalidTransition, Forbidden, LimitExceeded.
        """
        return self.inner.save(call, image, changes)

    def remove(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Delete the record, and the image's bytes with it, at once or later; ``changes`` comes from ``ImageProxy.delete``.

        Answers the deleted record. Raises StatusChanged if the stored record has locations that ``image`` lacks
        (bytes that arrived since would be orphans), ImageNotFound, InUse, StoreUnavailable, Forbidden.
        """
        return self.inner.remove(call, image, changes)

    def pending(self, call: Call, before: datetime, after: str | None = None) -> Sequence[Image]:
        """Some deleted images whose bytes still wait to be erased (``pending_delete``), with the locations of these.

        Deleted before that time, in the order of their ids, behind the id ``after``; none left if there are none.
        """
        return self.inner.pending(call, before, after)

    def restore(self, call: Call, image_id: str) -> Image:
        """Bring back a deleted image whose bytes still wait to be erased (FEATURES 2.3-16). Raises ImageNotFound, Conflict."""
        return self.inner.restore(call, image_id)

    def claim(self, call: Call, image: Image, task_id: str) -> Image:
        """Give the image to a task, unless another one has it (FEATURES 4.5-08). Raises Conflict, ImageNotFound."""
        return self.inner.claim(call, image, task_id)


class ImageProxy(Proxy[L]):
    """What is done to an image. The verbs answer *changes*; it is the operation that saves them."""

    def begin_data(self, call: Call, image: Image, target: Target) -> ChangeSet:
        """Get ready to receive data at ``target``: the way into ``saving``. Nothing has moved yet.

        Raises InvalidTransition, Invalid (store, formats), LimitExceeded, StoreReadOnly, StoreUnavailable.
        """
        return self.inner.begin_data(call, image, target)

    def set_data(self, call: Call, image: Image, data: Data, target: Target) -> ChangeSet:
        """Stream ``data`` to ``target``; answers what the record must now say. On any error no bytes remain.

        Raises Invalid, LimitExceeded, UnsupportedContent, StoreError, ClientDisconnected.
        """
        return self.inner.set_data(call, image, data, target)

    def get_data(self, call: Call, image: Image, span: Span | None = None, prefer: tuple[str, ...] = ()) -> Data:
        """The image's data, or a part, from a store among ``prefer`` if one of them has it (FEATURES 1.7-08).

        Raises NoData, Forbidden, Invalid (``prefer``), RangeUnsupported, StoreUnavailable.
        """
        return self.inner.get_data(call, image, span, prefer)

    def digest_data(self, call: Call, image: Image, location: Location) -> ChangeSet:
        """Read all bytes at ``location`` and answer size, checksum and hash for the record (FEATURES 4.6-03).

        What the record says of them already must be so. Raises Invalid, NoData, StoreError.
        """
        return self.inner.digest_data(call, image, location)

    def add_copy(self, call: Call, image: Image, target: Target) -> ChangeSet:
        """Copy an active image's data to one more store. Raises as ``set_data``, and Duplicate."""
        return self.inner.add_copy(call, image, target)

    def deactivate(self, call: Call, image: Image) -> ChangeSet:
        """Forbid downloads; nothing to change if they are (FEATURES 1.3-11). Raises Forbidden."""
        return self.inner.deactivate(call, image)

    def reactivate(self, call: Call, image: Image) -> ChangeSet:
        """Allow downloads again (FEATURES 1.3-12). Raises Forbidden."""
        return self.inner.reactivate(call, image)

    def delete(self, call: Call, image: Image) -> ChangeSet:
        """Judge a deletion, before any byte is touched. Raises Forbidden (protected), InvalidTransition."""
        return self.inner.delete(call, image)


class MemberRepoProxy(Proxy[L]):
    """Keeps the projects with which an image is shared."""

    def list(self, call: Call, image: Image) -> Sequence[Member]:
        """The image's members that the caller may see. Raises Forbidden (not shared)."""
        return self.inner.list(call, image)

    def get(self, call: Call, image: Image, member_id: str) -> Member:
        """One membership. Raises NotFound, Forbidden."""
        return self.inner.get(call, image, member_id)

    def add(self, call: Call, image: Image, member_id: str) -> Member:
        """Share the image with a project. Raises Duplicate, LimitExceeded, Forbidden."""
        return self.inner.add(call, image, member_id)

    def save(self, call: Call, image: Image, member: Member, status: str) -> Member:
        """Set a membership's status. Raises Invalid, NotFound, Forbidden."""
        return self.inner.save(call, image, member, status)

    def remove(self, call: Call, image: Image, member: Member) -> Member:
        """Stop sharing; answers the deleted membership. Raises NotFound, Forbidden."""
        return self.inner.remove(call, image, member)


class UsageProxy(Proxy[L]):
    """Counts what owners store, and holds what is on its way."""

    def usage(self, call: Call, owner: str | None) -> Usage:
        """What ``owner`` has stored and reserved."""
        return self.inner.usage(call, owner)

    def report(self, call: Call, owner: str | None) -> UsageReport:
        """What ``owner`` may have and has, by the name of the limit; empty where no limits are published (FEATURES 4.4-03)."""
        return self.inner.report(call, owner)

    def reserve(
        self,
        call: Call,
        owner: str | None,
        amount: int,
        limit: int,
        held: Reservation | None = None,
        *,
        of: str = "stored",
        image_id: str | None = None,
    ) -> Reservation:
        """Hold ``amount``, or so much more than ``held`` has, if all of the owner's stays within ``limit``.

        ``of`` and ``image_id`` are as in ``Reservation``. Atomic among all workers. A reservation dies with the worker that
        made it. Raises LimitExceeded, which says what the owner has.
        """
        return self.inner.reserve(call, owner, amount, limit, held, of=of, image_id=image_id)

    def release(self, call: Call, held: Reservation) -> None:
        """Give a reservation back: what it was for counts by itself now, or never will."""
        return self.inner.release(call, held)


class JournalProxy(Proxy[L]):
    """What is being written or erased, noted before it happens. Survives the worker that noted it."""

    def begin(self, call: Call, intent: Intent) -> None:
        """Note ``intent``, at once and durably. It is held by this worker."""
        return self.inner.begin(call, intent)

    def settle(self, call: Call, *intent_ids: str) -> None:
        """It is done, or undone; so are all of several."""
        return self.inner.settle(call, *intent_ids)

    def let_go(self, call: Call, intent_id: str) -> None:
        """Stop caring for it in this worker; if the entry is still open the next sweep takes it. Never raises."""
        return self.inner.let_go(call, intent_id)

    def adopt(self, call: Call, kind: str) -> Sequence[Intent]:
        """Take over the open entries of that kind that nobody holds. Two sweeps never get the same one."""
        return self.inner.adopt(call, kind)


class AuthorityProxy(Proxy[L]):
    """Says who is an administrator, asked once per request at the edge, and answers what other layers ask of the rules."""

    def is_admin(self, caller: Caller) -> bool:
        """Whether ``caller`` is an administrator of the whole service (rule ``context_is_admin``)."""
        return self.inner.is_admin(caller)

    def permit(self, call: Call) -> None:
        """Let an operation pass that sees no record on which it could be judged (``by_caller``). Raises Forbidden."""
        return self.inner.permit(call)

    def allows(self, call: Call, rule: str, target: Mapping[str, Any]) -> bool:
        """What a policy rule says of ``call.actor`` and ``target``, for a layer that lets operators name rules.

        Raises ValueError with one sentence if nobody wrote that rule: a layer asks at start to find out.
        """
        return self.inner.allows(call, rule, target)


@dataclass(slots=True)
class Nouns:
    """All nouns as seen from one place: from outside the pipeline, or from within a layer (``layer.inner``)."""

    factory: ImageFactoryProxy[Any]
    repo: ImageRepoProxy[Any]
    image: ImageProxy[Any]
    members: MemberRepoProxy[Any]
    usage: UsageProxy[Any]
    journal: JournalProxy[Any]
    authority: AuthorityProxy[Any]
    tasks: TaskRepoProxy[Any]
    namespaces: NamespaceRepoProxy[Any]
    definitions: DefinitionRepoProxy[Any]
    resource_types: ResourceTypeRepoProxy[Any]


NOUNS: dict[str, type[Proxy[Any]]] = {
    "factory": ImageFactoryProxy,
    "repo": ImageRepoProxy,
    "image": ImageProxy,
    "members": MemberRepoProxy,
    "usage": UsageProxy,
    "journal": JournalProxy,
    "authority": AuthorityProxy,
    "tasks": TaskRepoProxy,
    "namespaces": NamespaceRepoProxy,
    "definitions": DefinitionRepoProxy,
    "resource_types": ResourceTypeRepoProxy,
}
"""The nouns by the name under which a layer declares its proxy. One more noun is one more row here and in Nouns."""

assert set(NOUNS) == {field.name for field in fields(Nouns)}
