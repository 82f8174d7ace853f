"""Layer ``property-protection``: who may create, read, update and delete which custom properties (FEATURES 6.7).

It stands outside of all that counts, stores or tells of properties, so that these see images whole, and inside auth,
which needs to know of no property. A property that its caller can't read is in no answer, and no save touches it:
what is not in a change set is never written (FEATURES 12-04).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from glancepipe.contract import (
    ABSENT,
    SERVICE,
    Call,
    Change,
    ChangeSet,
    Image,
    ImageFactoryProxy,
    ImageQuery,
    ImageRepoProxy,
    ImageValues,
    Layer,
    Page,
    Services,
    replace,
)
from glancepipe.contract.errors import Conflict, Forbidden
from glancepipe_property_protection.passing import WholeImage, WholeMembers, WholeTasks
from glancepipe_property_protection.protections import NOBODY, Protections, read
from glancepipe_property_protection.redacted import Readable, redacted, whole, withheld_from

log = logging.getLogger(__name__)


class ProtectedFactory(ImageFactoryProxy["PropertyProtection"]):
    """Judges the properties that callers propose."""

    def new_image(self, call: Call, values: ImageValues) -> Image:
        """Each needs ``create`` (FEATURES 6.7-04)."""
        for name in values.properties:
            self.layer.require(call, name, "create")
        return self.layer.shown(call, self.inner.new_image(call, values))


class ProtectedRepo(ImageRepoProxy["PropertyProtection"]):
    """Judges changes of properties, and answers records without what can't be read."""

    def get(self, call: Call, image_id: str) -> Image:
        """Without what the caller can't read (FEATURES 6.7-03)."""
        return self.layer.shown(call, self.inner.get(call, image_id))

    def list(self, call: Call, query: ImageQuery) -> Page:
        """The same; a condition on what the caller can't read is met by no image, or it would tell what is there."""
        if any(condition.custom and not self.layer.may(call, condition.attribute, "read") for condition in query.filters):
            return Page()
        page = self.inner.list(call, query)
        return replace(page, rows=[self.layer.shown(call, image) for image in page.rows])

    def add(self, call: Call, image: Image) -> Image:
        """Judged when it was made."""
        return self.layer.shown(call, self.inner.add(call, whole(image)))

    def save(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Judges the properties that are touched; all others stay as they are."""
        return self.layer.shown(call, self.inner.save(call, whole(image), self.layer.judged(call, image, changes)))

    def remove(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Whoever may delete an image need not read it."""
        return self.layer.shown(call, self.inner.remove(call, whole(image), changes))

    def claim(self, call: Call, image: Image, task_id: str) -> Image:
        """Touches the service's own property only."""
        return self.layer.shown(call, self.inner.claim(call, whole(image), task_id))


class PropertyProtection(Layer):
    """Who may do what with which custom properties. The service itself may do everything."""

    name = "property-protection"
    # Outside notifier: events are for operators and tell everything, and none is sent for what is refused here.
    after = frozenset({"auth"})
    before = frozenset({"notifier", "policy", "quota", "location", "location-encryption", "domain", "db"})
    # It declares the options, so that a file without this layer stops the service.
    requires = frozenset({"policy"})

    factory = ProtectedFactory
    repo = ProtectedRepo
    image = WholeImage
    members = WholeMembers
    tasks = WholeTasks

    protections: Protections

    def start(self, services: Services) -> None:
        """Read the file. Raises ValueError with one sentence if it is broken."""
        self.reload()

    def reload(self) -> None:
        """Read the file again. Raises ValueError with one sentence if it is broken; the last good one stays in force."""
        name = self.conf.property_protection_file
        if not name:
            raise ValueError("property_protection_file is not set: set it, or take the layer out of the line.")
        path = self.conf.find_file(name)
        if path is None:
            raise ValueError(f"There is no property protection file {name}, which property_protection_file names.")
        protections = read(path, policies=self.conf.property_protection_rule_format == "policies")
        for rule in sorted(protections.rules):
            # Raises ValueError for a rule that nobody wrote.
            self.inner.authority.allows(Call("sweep", SERVICE), rule, {})
        self.protections = protections

    def shown(self, call: Call, image: Image) -> Image:
        """The image as its caller may read it."""
        if call.actor.service or not image.properties:
            return image
        memo = call.memo(self)
        if "readable" not in memo:
            memo["readable"] = Readable(lambda name: self.may(call, name, "read"))
        return redacted(image, memo["readable"])

    def judged(self, call: Call, image: Image, changes: ChangeSet) -> ChangeSet:
        """The changes, with what properties really were before. Raises Forbidden, Conflict (FEATURES 6.7-04)."""
        if not changes.properties:
            return changes
        withheld = withheld_from(image)
        properties = {name: self._judged(call, name, change, withheld) for name, change in changes.properties.items()}
        return replace(changes, properties=properties)

    def require(self, call: Call, name: str, operation: str) -> None:
        """Raise Forbidden unless the caller may do it to the property."""
        if not self.may(call, name, operation):
            raise Forbidden(f"Property '{name}' is reserved.")

    def may(self, call: Call, name: str, operation: str) -> bool:
        """Whether the caller may do it to the property; the service may, and roles of services count (FEATURES 6.7-05)."""
        if call.actor.service:
            return True
        grant = self.protections.grants(name).get(operation, NOBODY)
        if grant.rule is not None:
            return self._passes(call, grant.rule)
        return grant.everybody or not (grant.roles.isdisjoint(call.actor.roles) and grant.roles.isdisjoint(call.actor.service_roles))

    def _judged(self, call: Call, name: str, change: Change, withheld: Mapping[str, str]) -> Change:
        if name not in withheld:
            if change.new is ABSENT:
                self.require(call, name, "delete")
            else:
                self.require(call, name, "create" if change.old is ABSENT else "update")
            return change
        if change.new is ABSENT:
            raise Conflict(f"Property '{name}' does not exist.")
        # To the caller it is new. That it is there already must not make it any easier to overwrite.
        self.require(call, name, "create")
        self.require(call, name, "update")
        return Change(withheld[name], change.new)

    def _passes(self, call: Call, rule: str) -> bool:
        try:
            return self.inner.authority.allows(call, rule, {})
        except ValueError as error:
            log.error("%s: %s Nobody may do what it guards.", call.request_id, error)
            return False
