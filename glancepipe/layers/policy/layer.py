"""Layer ``policy``: who may do what, by the rules of oslo.policy under Glance's names. Stands inside ``auth``, and
outside of all that spends something, so that a refused caller reserves nothing and moves nothing.

It is the one authority on roles. It decides once per call, when the operation's target is first seen, by the rule
that the operation names; later verbs add only the rules that their arguments imply. Whether a refusal tells the
caller that the target exists is said by ``Forbidden.hidden`` (FEATURES 6.1-05). The rules are in ``rules``,
their targets in ``targets``, the files in ``files``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from oslo_config import cfg
from oslo_policy import opts

from glancepipe.contract import (
    AuthorityProxy,
    Call,
    Caller,
    ChangeSet,
    Data,
    Finding,
    Image,
    ImageFactoryProxy,
    ImageProxy,
    ImageQuery,
    ImageRepoProxy,
    ImageValues,
    Layer,
    Location,
    Member,
    MemberRepoProxy,
    Namespace,
    Page,
    Services,
    Span,
    Stores,
    Verdict,
)
from glancepipe.contract.errors import Forbidden
from glancepipe.layers.policy import rules
from glancepipe.layers.policy.explain import Decision, listed
from glancepipe.layers.policy.files import RuleBook
from glancepipe.layers.policy.listing import filled, narrowed
from glancepipe.layers.policy.locations import refuse_strange_places
from glancepipe.layers.policy.metadefs import (
    GET_NAMESPACE,
    ON_NAMESPACES,
    PolicyDefinitions,
    PolicyNamespaces,
    PolicyResourceTypes,
    namespace_target,
)
from glancepipe.layers.policy.targets import caller_target, credentials, image_target, member_target, proposed_target
from glancepipe.layers.policy.tasks import PolicyTasks

log = logging.getLogger(__name__)

_FOR_VISIBILITY = {"public": rules.PUBLICIZE_IMAGE, "community": rules.COMMUNITIZE_IMAGE}


class PolicyFactory(ImageFactoryProxy["Policy"]):
    """Judges who may make images."""

    def new_image(self, call: Call, values: ImageValues) -> Image:
        """Asks ``add_image``, and what the proposed visibility needs (FEATURES 1.4-08)."""
        if not call.actor.service:
            target = proposed_target(values, call.actor)
            self.layer.require(call, rules.ADD_IMAGE, target)
            needed = _FOR_VISIBILITY.get(target["visibility"])
            if needed is not None:
                self.layer.require(call, needed, target)
        return self.inner.new_image(call, values)


class PolicyRepo(ImageRepoProxy["Policy"]):
    """Judges an operation when it first sees its image, and what its changes imply."""

    def get(self, call: Call, image_id: str) -> Image:
        """Asks the operation's rule about the image, once per call; operations on members need ``get_image`` first."""
        image = self.inner.get(call, image_id)
        self.layer.judge(call, image)
        return image

    def list(self, call: Call, query: ImageQuery) -> Page:
        """Asks the operation's rule, and leaves out what ``get_image`` denies (FEATURES 3-20)."""
        if call.actor.service:
            return self.inner.list(call, query)
        self.layer.admit(call)
        return self._readable(call, query)

    def save(self, call: Call, image: Image, changes: ChangeSet) -> Image:
        """Asks what a change of the visibility or of the locations needs (FEATURES 1.5-17, 1.5-21)."""
        if not call.actor.service:
            for rule in _implied(call, changes):
                self.layer.require_on(call, rule, image)
            if call.operation.name == "add_location":
                refuse_strange_places(call.actor, changes.new("locations"), self.layer.stores)
        return self.inner.save(call, image, changes)

    def _readable(self, call: Call, query: ImageQuery) -> Page:
        rule, actor, creds = self.layer.book.get(rules.GET_IMAGE), call.actor, self.layer.credentials(call)

        def allows(target: Mapping[str, Any]) -> bool:
            return rule.allows(target, creds, actor.scope)

        less = narrowed(query, actor, allows) if rule.check.by_sight else None
        if less is None:
            return filled(partial(self.inner.list, call), query, lambda image: allows(image_target(image, actor)))
        if less.sights is not None and not less.sights:
            return Page()
        return self.inner.list(call, less)


class PolicyImage(ImageProxy["Policy"]):
    """Judges who may say from where the data comes."""

    def get_data(self, call: Call, image: Image, span: Span | None = None, prefer: tuple[str, ...] = ()) -> Data:
        """Asks ``download_from_store`` if stores are preferred (FEATURES 1.7-08)."""
        if prefer and not call.actor.service:
            self.layer.require_on(call, rules.DOWNLOAD_FROM_STORE, image)
        return self.inner.get_data(call, image, span, prefer)


class PolicyMembers(MemberRepoProxy["Policy"]):
    """Judges who may see and change memberships; whether the image may be seen was asked before (FEATURES 4.1-01)."""

    def list(self, call: Call, image: Image) -> Sequence[Member]:
        """Asks ``get_members``, and leaves out the rows that ``get_member`` denies."""
        if call.actor.service:
            return self.inner.list(call, image)
        self.layer.require(call, rules.GET_MEMBERS, image_target(image, call.actor), image.id)
        members = self.inner.list(call, image)
        return [row for row in members if self.layer.allows(call, rules.GET_MEMBER, member_target(image, call.actor, row.member))]

    def get(self, call: Call, image: Image, member_id: str) -> Member:
        """Asks ``get_member``; who only wants to look must not learn more from a refusal (FEATURES 1.3-19)."""
        self.layer.require_member(call, rules.GET_MEMBER, image, member_id, hidden=call.operation.name == "show_member")
        return self.inner.get(call, image, member_id)

    def add(self, call: Call, image: Image, member_id: str) -> Member:
        """Asks ``add_member``."""
        self.layer.require_member(call, rules.ADD_MEMBER, image, member_id)
        return self.inner.add(call, image, member_id)

    def save(self, call: Call, image: Image, member: Member, status: str) -> Member:
        """Asks ``modify_member``: by default an owner can't accept for a member (FEATURES 4.1-03)."""
        self.layer.require_member(call, rules.MODIFY_MEMBER, image, member.member)
        return self.inner.save(call, image, member, status)

    def remove(self, call: Call, image: Image, member: Member) -> Member:
        """Asks ``delete_member``."""
        self.layer.require_member(call, rules.DELETE_MEMBER, image, member.member)
        return self.inner.remove(call, image, member)


class PolicyAuthority(AuthorityProxy["Policy"]):
    """Knows administrators by a rule instead of by a role."""

    def is_admin(self, caller: Caller) -> bool:
        """Asks ``context_is_admin`` about the caller itself (FEATURES 7.1-01)."""
        creds = credentials(caller)
        return caller.service or self.layer.book.get(rules.CONTEXT_IS_ADMIN).allows(creds, creds, caller.scope)

    def permit(self, call: Call) -> None:
        """Asks the operation's rule about the caller's own project."""
        if not call.actor.service:
            self.layer.admit(call)
        return self.inner.permit(call)

    def allows(self, call: Call, rule: str, target: Mapping[str, Any]) -> bool:
        """Answers for other layers, which can't import this one; nothing is decided about the call by that."""
        if rule not in self.layer.book:
            raise ValueError(f"There is no policy rule {rule!r}: write it into a policy file.")
        return call.actor.service or self.layer.allows(call, rule, target)


class Policy(Layer):
    """Who may do what. The service itself is never refused: it acts on a verdict that was taken before."""

    name = "policy"
    after = frozenset({"auth"})
    before = frozenset({"quota", "location", "domain", "db"})
    options = {
        "DEFAULT": [
            cfg.StrOpt(
                "property_protection_file",
                help="File that says who may do what with which custom properties, for the layer property-protection, "
                "which must then be in the line.",
            ),
            cfg.StrOpt(
                "property_protection_rule_format",
                default="roles",
                choices=[("roles", "roles, with commas between them"), ("policies", "one policy rule for each operation")],
                help="What the property protection file names.",
            ),
        ],
        **dict(opts.list_opts()),
    }
    factory = PolicyFactory
    repo = PolicyRepo
    image = PolicyImage
    members = PolicyMembers
    authority = PolicyAuthority
    tasks = PolicyTasks
    namespaces = PolicyNamespaces
    definitions = PolicyDefinitions
    resource_types = PolicyResourceTypes

    stores: Stores

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__(conf)
        self.book = RuleBook(conf, lambda: [rule for layer in self.line for rule in layer.rules])

    def start(self, services: Services) -> None:
        """Read the policy files. Raises ValueError if one is broken, or if properties would go without protection."""
        if self.conf.property_protection_file and "property-protection" not in {layer.name for layer in self.line}:
            raise ValueError("property_protection_file is set: install the layer property-protection and put it behind auth.")
        self.stores = services.stores
        self.book.load()

    def reload(self) -> None:
        """Read the policy files again. Raises ValueError if one is broken; the rules in force stay so."""
        self.book.load()

    def check(self) -> Iterable[Finding]:
        """A broken policy file does not stop the service, but somebody should repair it."""
        return [Finding(sentence) for sentence in self.book.findings()]

    def judge(self, call: Call, image: Image) -> None:
        """Decide about an operation on ``image``, unless that has been done. Raises Forbidden."""
        operation, verdict = call.operation, call.verdict
        if call.actor.service or operation.rule is None:
            return
        if operation.by_caller:
            self.admit(call)
        elif verdict is None or not verdict.allowed or verdict.image_id != image.id:
            for rule in operation.first:
                self.require_on(call, rule, image)
            self.require_on(call, rules.GET_IMAGE if operation.rule in rules.MEMBER_RULES else operation.rule, image)

    def judge_in(self, call: Call, namespace: Namespace, otherwise: str) -> None:
        """Decide about what is in ``namespace``: by the operation's rules, or ``otherwise`` if these are about the whole."""
        operation = call.operation
        own = operation.rule is not None and operation.name not in ON_NAMESPACES
        for rule in (*operation.first, operation.rule) if own else (otherwise,):
            assert rule is not None
            self.require_in(call, rule, namespace)

    def require_in(self, call: Call, rule: str, namespace: Namespace) -> None:
        """Raise Forbidden unless ``rule`` allows it, hidden from those who may not even see the namespace (FEATURES 6.1-05)."""
        target = namespace_target(namespace)
        if not call.actor.service and not self._decided(call, rule, target, None):
            raise _refused(rule, hidden=self._hidden(call, rule, GET_NAMESPACE, target, None))

    def permits_in(self, call: Call, rule: str, namespace: Namespace) -> bool:
        """Whether ``rule`` allows it."""
        return call.actor.service or self.allows(call, rule, namespace_target(namespace))

    def admit(self, call: Call, *, seen_by: str | None = None) -> None:
        """Decide about an operation that has no image, unless that has been done. Raises Forbidden.

        Hidden from those whom not even the rule ``seen_by`` lets see what they own themselves (FEATURES 6.1-05).
        """
        rule, target = call.operation.rule, caller_target(call.actor)
        if rule is not None and (call.verdict is None or call.verdict.rule != rule):
            for asked in (*call.operation.first, rule):
                if not self._decided(call, asked, target, None):
                    raise _refused(asked, hidden=seen_by is not None and self._hidden(call, asked, seen_by, target, None))

    def require_on(self, call: Call, rule: str, image: Image) -> None:
        """Raise Forbidden unless ``rule`` allows it, hidden from those who may not even see the image."""
        target = image_target(image, call.actor)
        if not self._decided(call, rule, target, image.id):
            raise _refused(rule, hidden=self._hidden(call, rule, rules.GET_IMAGE, target, image.id))

    def require_member(self, call: Call, rule: str, image: Image, member_id: str, *, hidden: bool = False) -> None:
        """Raise Forbidden unless ``rule`` allows it to be done to that membership."""
        if not call.actor.service:
            self.require(call, rule, member_target(image, call.actor, member_id), image.id, hidden=hidden)

    def require(self, call: Call, rule: str, target: Mapping[str, Any], image_id: str | None = None, *, hidden: bool = False) -> None:
        """Raise Forbidden unless ``rule`` allows it to be done to ``target``."""
        if not self._decided(call, rule, target, image_id):
            raise _refused(rule, hidden=hidden)

    def allows(self, call: Call, rule: str, target: Mapping[str, Any]) -> bool:
        """What the rule says."""
        return self.book.get(rule).allows(target, self.credentials(call), call.actor.scope)

    def credentials(self, call: Call) -> dict[str, Any]:
        """The actor's, made once per call."""
        memo = call.memo(self)
        found: dict[str, Any] | None = memo.get("credentials")
        if found is None:
            found = memo["credentials"] = credentials(call.actor)
        return found

    def explain(self, call: Call) -> Iterator[str]:
        """Each decision, check by check."""
        decisions = self._decisions(call)
        if decisions:
            yield f"caller: {listed(self.credentials(call))}"
        for decision in decisions:
            yield from decision.lines(call, self.book.compiler, self.credentials(call))

    def _decided(self, call: Call, rule: str, target: Mapping[str, Any], image_id: str | None) -> bool:
        allowed = self._noted(call, rule, target, image_id)
        call.verdict = Verdict(allowed, rule, image_id)
        if not allowed:
            log.info("%s", self._decisions(call)[-1].told(call))
        return allowed

    def _hidden(self, call: Call, rule: str, seen_by: str, target: Mapping[str, Any], image_id: str | None) -> bool:
        """Whether who is refused by ``rule`` must not learn that there is a target at all."""
        return rule == seen_by or not self._noted(call, seen_by, target, image_id)

    def _noted(self, call: Call, rule: str, target: Mapping[str, Any], image_id: str | None) -> bool:
        allowed = self.allows(call, rule, target)
        self._decisions(call).append(Decision(self.book.get(rule), target, image_id, allowed))
        return allowed

    def _decisions(self, call: Call) -> list[Decision]:
        found: list[Decision] = call.memo(self).setdefault("decisions", [])
        return found


def _implied(call: Call, changes: ChangeSet) -> Iterator[str]:
    if "visibility" in changes:
        needed = _FOR_VISIBILITY.get(changes.new("visibility"))
        if needed is not None:
            yield needed
    # Other operations touch locations because data arrives or leaves, which their own rule allowed.
    if "locations" in changes and call.operation.name == "modify_image":
        change = changes.base["locations"]
        yield from _implied_by_locations(change.old, change.new)


def _implied_by_locations(old: Sequence[Location], new: Sequence[Location]) -> Iterator[str]:
    if len(new) >= len(old) or any(location not in old for location in new):
        yield rules.SET_IMAGE_LOCATION
    if len(new) < len(old) or {location.url for location in old} - {location.url for location in new}:
        yield rules.DELETE_IMAGE_LOCATION


def _refused(rule: str, *, hidden: bool) -> Forbidden:
    return Forbidden(f"You are not authorized to complete {rule} action.", hidden=hidden)
