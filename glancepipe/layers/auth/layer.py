"""Layer ``auth``: who owns an image, and who may see it. Outermost of the built-in ones: all others see its answers.

It gives new images their owner, hides what a caller must not know of, tells listings what may be in them, and
refuses changes by those who neither own an image nor administer the service (FEATURES 2.4, 6.1). Which *role* may
do what is policy's business; nothing here looks at roles.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from glancepipe.contract import (
    Call,
    ChangeSet,
    Data,
    Image,
    ImageFactoryProxy,
    ImageProxy,
    ImageQuery,
    ImageRepoProxy,
    ImageValues,
    Layer,
    Member,
    MemberRepoProxy,
    Page,
    Sight,
    Span,
    Status,
    Target,
    replace,
)
from glancepipe.contract.errors import Forbidden, ImageNotFound, Invalid, NotFound
from glancepipe.contract.query import VISIBILITIES
from glancepipe.layers.auth.metadefs import AuthNamespaces
from glancepipe.layers.auth.relations import administers, commands, visible
from glancepipe.layers.auth.tasks import AuthTasks


@lru_cache(maxsize=64)
def sights(admin: bool, has_project: bool, visibility: str | None) -> frozenset[Sight]:
    """What a listing may contain (FEATURES 2.4-03, 2.4-04, 3-09): others' community images only if asked for."""
    found = set()
    for each in VISIBILITIES if visibility in (None, "all") else (str(visibility),):
        if has_project:
            found.add(Sight("own", each))
        if each == "public" or (admin if each != "community" else visibility is not None):
            found.add(Sight("other", each))
        elif each == "shared" and has_project:
            found.add(Sight("member", each))
    return frozenset(found)


class AuthFactory(ImageFactoryProxy["Auth"]):
    """Gives a new image its owner."""

    def new_image(self, call: Call, values: ImageValues) -> Image:
        """The owner is the caller's project; only an administrator may name another one (FEATURES 1.4-07)."""
        self.layer.refuse_readers(call)
        owner = values.base.get("owner", call.actor.project_id)
        if (owner is None or owner != call.actor.project_id) and not administers(call.actor):
            raise Forbidden(f"You may not create images that are owned by '{owner}'.")
        return self.inner.new_image(call, replace(values, base={**values.base, "owner": owner}))


class AuthRepo(ImageRepoProxy["Auth"]):
    """Hides what the caller must not know of, and keeps strangers from changing what they can see."""

    def get(self, call: Call, image_id: str) -> Image:
        """An invisible image is not found (FEATURES 6.1-02)."""
        self.layer.refuse_readers(call)
        try:
            image = self.inner.get(call, image_id)
        except Forbidden:
            # It was refused further in, which must not tell of an image that the caller can't even see (FEATURES 7.2-02).
            if not visible(call.actor, self.inner.get(call.as_service(), image_id)):
                raise ImageNotFound(image_id) from None
            raise
        if not visible(call.actor, image):
            raise ImageNotFound(image_id)
        return image if call.operation.changes else _shown(call, image)

    def list(self, call: Call, query: ImageQuery) -> Page:
        """Says which images the listing may contain, and where it starts (FEATURES 2.4-03, 3-02)."""
        actor = call.actor
        if query.marker is not None:
            query = replace(query, after=self._marked(call, query.marker), marker=None)
        everything = actor.service if query.visibility is None else query.visibility == "all"
        if everything and administers(actor):
            query = replace(query, viewer=actor.project_id, sights=None)
        else:
            seen = sights(administers(actor), actor.project_id is not None, query.visibility)
            query = replace(query, viewer=actor.project_id, sights=seen)
        page = self.inner.list(call, query)
        if not administers(actor) and any(image.status == Status.DEACTIVATED for image in page.rows):
            return replace(page, rows=[_shown(call, image) for image in page.rows])
        return page

    def save(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Refuses strangers; giving an image away takes an administrator, before anything is stored (FEATURES 12-03)."""
        if not _given_away(call, image):
            self.layer.refuse_strangers(call, image)
        if "owner" in changes and not administers(call.actor):
            raise Forbidden("Only an administrator may change the owner of an image.")
        return _shown(call, self.inner.save(call, image, changes))

    def remove(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Refuses strangers."""
        self.layer.refuse_strangers(call, image)
        return self.inner.remove(call, image, changes)

    def claim(self, call: Call, image: Image, task_id: str) -> Image:
        """Refuses strangers."""
        self.layer.refuse_strangers(call, image)
        return self.inner.claim(call, image, task_id)

    def _marked(self, call: Call, image_id: str) -> Image:
        try:
            image = self.inner.get(call, image_id)
        except ImageNotFound:
            raise Invalid(f"The marker {image_id} is not the ID of an image.") from None
        if not visible(call.actor, image):
            raise Forbidden(f"You may not use the image {image_id} as marker.")
        return image


class AuthImage(ImageProxy["Auth"]):
    """Keeps strangers from changing an image, and everybody but administrators from reading a deactivated one."""

    def begin_data(self, call: Call, image: Image, target: Target) -> ChangeSet:
        """Refuses strangers, before anything is reserved for them."""
        self.layer.refuse_strangers(call, image)
        return self.inner.begin_data(call, image, target)

    def set_data(self, call: Call, image: Image, data: Data, target: Target) -> ChangeSet:
        """Refuses strangers."""
        self.layer.refuse_strangers(call, image)
        return self.inner.set_data(call, image, data, target)

    def get_data(self, call: Call, image: Image, span: Span | None = None, prefer: tuple[str, ...] = ()) -> Data:
        """A deactivated image is read by administrators only (FEATURES 1.7-03)."""
        if image.status == Status.DEACTIVATED and not administers(call.actor):
            raise Forbidden("The image is deactivated: it can't be downloaded at present.")
        return self.inner.get_data(call, image, span, prefer)

    def add_copy(self, call: Call, image: Image, target: Target) -> ChangeSet:
        """Refuses strangers."""
        self.layer.refuse_strangers(call, image)
        return self.inner.add_copy(call, image, target)

    def deactivate(self, call: Call, image: Image) -> ChangeSet:
        """Refuses strangers."""
        self.layer.refuse_strangers(call, image)
        return self.inner.deactivate(call, image)

    def reactivate(self, call: Call, image: Image) -> ChangeSet:
        """Refuses strangers."""
        self.layer.refuse_strangers(call, image)
        return self.inner.reactivate(call, image)

    def delete(self, call: Call, image: Image) -> ChangeSet:
        """Refuses strangers."""
        self.layer.refuse_strangers(call, image)
        return self.inner.delete(call, image)


class AuthMembers(MemberRepoProxy["Auth"]):
    """The owner sees and chooses whom an image is shared with; a member sees and answers for itself (FEATURES 4.1)."""

    def list(self, call: Call, image: Image) -> Sequence[Member]:
        """All members for who commands the image, its own row for a member (FEATURES 4.1-04)."""
        _refuse_unshared(call, image)
        members = self.inner.list(call, image)
        if commands(call.actor, image):
            return members
        return [member for member in members if member.member == call.actor.project_id]

    def get(self, call: Call, image: Image, member_id: str) -> Member:
        """Other members' rows do not exist for a member."""
        _refuse_unshared(call, image)
        if not commands(call.actor, image) and member_id != call.actor.project_id:
            raise NotFound(f"The image {image.id} has no member {member_id} that you may see.")
        return self.inner.get(call, image, member_id)

    def add(self, call: Call, image: Image, member_id: str) -> Member:
        """Refuses strangers, members included (FEATURES 4.1-02)."""
        _refuse_unshared(call, image)
        self.layer.refuse_strangers(call, image)
        return self.inner.add(call, image, member_id)

    def save(self, call: Call, image: Image, member: Member, status: str) -> Member:
        """A member may answer for itself, although the image is not its own (FEATURES 4.1-03)."""
        if member.member != call.actor.project_id:
            self.layer.refuse_strangers(call, image)
        return self.inner.save(call, image, member, status)

    def remove(self, call: Call, image: Image, member: Member) -> Member:
        """Refuses strangers: a member may reject an image, but not leave (FEATURES 4.1-05)."""
        self.layer.refuse_strangers(call, image)
        return self.inner.remove(call, image, member)


class Auth(Layer):
    """Who owns an image, and who may see it."""

    name = "auth"
    before = frozenset({"policy", "quota", "location", "domain", "db"})
    factory = AuthFactory
    repo = AuthRepo
    image = AuthImage
    members = AuthMembers
    tasks = AuthTasks
    namespaces = AuthNamespaces

    def refuse_readers(self, call: Call) -> None:
        """Raise Forbidden if the call changes something and its caller may only read (FEATURES 1.2-12, 6.1-06)."""
        if call.actor.read_only and call.operation.changes:
            raise Forbidden("You may only read: changing anything takes credentials.")

    def refuse_strangers(self, call: Call, image: Image) -> None:
        """Raise Forbidden if the caller neither owns the image nor administers the service (FEATURES 6.1-03)."""
        if not commands(call.actor, image):
            raise Forbidden(f"The image {image.id} is not yours to change.")


def _shown(call: Call, image: Image) -> Image:
    """The image as its caller may read it: where a deactivated one's bytes are is for administrators (FEATURES 2.2-02).

    Only on the way out: a layer that is to delete those bytes must know where they are (FEATURES 12-02).
    """
    if image.status == Status.DEACTIVATED and image.locations and not administers(call.actor):
        return replace(image, locations=())
    return image


def _given_away(call: Call, image: Image) -> bool:
    """Whether policy has let somebody add a location to the image: that rule itself says whose it may be (FEATURES 7.1-12)."""
    verdict = call.verdict
    if call.operation.name != "add_location" or verdict is None:
        return False
    return verdict.allowed and verdict.rule == call.operation.rule and verdict.image_id == image.id


def _refuse_unshared(call: Call, image: Image) -> None:
    if image.visibility != "shared":
        raise Forbidden("Only shared images have members.", hidden=call.operation.name == "show_member")
