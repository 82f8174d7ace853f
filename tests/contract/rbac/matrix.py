"""Everything that can be asked for, asked by everybody, of images and namespaces of every kind (FEATURES 7).

``play`` tells what a service answers. It needs nothing but a way to send requests, so that the environment of a Glance
can run it as well: ``record.py`` writes down what Glance answers, and ``test_rbac.py`` compares.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

Send = Callable[[Mapping[str, str], str, str, "bytes | None", "str | None"], "tuple[int, bytes]"]
"""Sends a request with these identity headers: method, path, body, its type. Answers status and body."""

PATCH = "application/openstack-images-v2.1-json-patch"
VISIBILITIES = ("public", "community", "shared", "private")
OWNERS = {"own": "mine", "member": "theirs", "other": "theirs", "ownerless": None}
"""The project that owns a thing, by the relation of the project ``mine`` to it."""


def identity(roles: str, **more: str) -> dict[str, str]:
    """What the service believes about a caller, who is of the project ``mine`` unless ``more`` says otherwise."""
    who = more or {"X-Project-Id": "mine"}
    return {"X-Identity-Status": "Confirmed", "X-User-Id": "u", "X-Roles": roles, **who}


ROLES = {
    "none": identity(""),
    "reader": identity("reader"),
    "member": identity("member,reader"),
    "admin": identity("admin,member,reader"),
    "service": identity("service"),
    "system": identity("admin,member,reader", **{"OpenStack-System-Scope": "all"}),
    "domain": identity("admin,member,reader", **{"X-Domain-Id": "d"}),
}
OPERATOR = identity("admin", **{"X-Project-Id": "ops"})
"""Who prepares what the others then ask for."""


class Kind(NamedTuple):
    """What something is like, and what the project ``mine`` is to it."""

    visibility: str
    relation: str


IMAGES = [
    Kind(visibility, relation) for visibility in VISIBILITIES for relation in OWNERS if relation != "member" or visibility == "shared"
]
PROPOSED = [kind for kind in IMAGES if kind.relation != "member"]
NAMESPACES = [Kind(visibility, relation) for visibility in ("public", "private") for relation in ("own", "other")]
ANY = [Kind("-", "-")]


class Row(NamedTuple):
    """What everybody is answered who asks for one operation on one kind of thing: by role, in the order of ``ROLES``."""

    operation: str
    kind: Kind
    answers: tuple[str, ...]


class Asked(NamedTuple):
    """One operation: ``make`` prepares a thing of a kind and answers its name, ``ask`` asks and tells what was answered."""

    kinds: list[Kind]
    make: Callable[[Playing, Kind], str]
    ask: Callable[[Playing, Mapping[str, str], Kind, str], str]


class Playing:
    """One service, and what is prepared in it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._numbers = itertools.count()

    def name(self) -> str:
        return f"x{next(self._numbers)}"

    def request(
        self, who: Mapping[str, str], method: str, path: str, document: Any = None, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        body = document if isinstance(document, bytes) or document is None else json.dumps(document).encode()
        return self._send(who, method, path, body, None if body is None else kind)

    def prepare(self, method: str, path: str, document: Any = None, kind: str = "application/json") -> dict[str, Any]:
        status, body = self.request(OPERATOR, method, path, document, kind)
        assert status < 300, (method, path, status, body)
        found: dict[str, Any] = json.loads(body) if body else {}
        return found

    def image(self, kind: Kind, status: str) -> str:
        """An image of that kind in that status; what is shared has members."""
        values = {"name": self.name(), "visibility": kind.visibility, "owner": OWNERS[kind.relation], "colour": "red", "tags": ["t"]}
        image = self.prepare("POST", "/v2/images", {**values, "disk_format": "raw", "container_format": "bare"})
        path = f"/v2/images/{image['id']}"
        if kind.visibility == "shared":
            self.prepare("POST", f"{path}/members", {"member": _member(kind)})
        if status != "queued":
            self.prepare("PUT", f"{path}/file", b"data", "application/octet-stream")
        if status == "deactivated":
            self.prepare("POST", f"{path}/actions/deactivate")
        return str(image["id"])

    def namespace(self, kind: Kind) -> str:
        """A namespace of that kind with one of everything in it."""
        name = self.name()
        path = f"/v2/metadefs/namespaces/{name}"
        self.prepare("POST", "/v2/metadefs/namespaces", {"namespace": name, "visibility": kind.visibility, "owner": OWNERS[kind.relation]})
        self.prepare("POST", f"{path}/objects", {"name": "o"})
        self.prepare("POST", f"{path}/properties", {"name": "p", "title": "P", "type": "string"})
        self.prepare("POST", f"{path}/tags/t")
        self.prepare("POST", f"{path}/resource_types", {"name": "rt"})
        return name


def play(playing: Playing, operation: str) -> Iterator[Row]:
    """Have everybody ask for that operation, on all kinds of things."""
    asked = OPERATIONS[operation]
    for kind in asked.kinds:
        thing = None
        answers = []
        for who in ROLES.values():
            thing = thing or asked.make(playing, kind)
            answers.append(asked.ask(playing, who, kind, thing))
            if not answers[-1].startswith("4"):
                # It may have been changed by that.
                thing = None
        yield Row(operation, kind, tuple(answers))


def _member(kind: Kind) -> str:
    return "mine" if kind.relation == "member" else "guest"


def _nothing(playing: Playing, kind: Kind) -> str:
    return "-"


def _on_image(method: str, path: str = "", document: Any = None, *, status: str = "active", media: str = "application/json") -> Asked:
    """An operation on an image. ``{member}`` in the path is one with whom it is shared."""

    def ask(playing: Playing, who: Mapping[str, str], kind: Kind, thing: str) -> str:
        full = f"/v2/images/{thing}{path}".replace("{member}", _member(kind))
        return str(playing.request(who, method, full, document, media)[0])

    return Asked(IMAGES, lambda playing, kind: playing.image(kind, status), ask)


def _passing(asked: Asked) -> Asked:
    """The same, if it matters only whether it is refused: what comes of it depends on more than on rules."""

    def ask(playing: Playing, who: Mapping[str, str], kind: Kind, thing: str) -> str:
        answer = asked.ask(playing, who, kind, thing)
        return answer if answer in ("401", "403", "404") else "passed"

    return Asked(asked.kinds, asked.make, ask)


def _patching(*steps: dict[str, Any], status: str = "active") -> Asked:
    return _on_image("PATCH", "", list(steps), status=status, media=PATCH)


def _replacing(name: str, value: Any) -> Asked:
    return _patching({"op": "replace", "path": f"/{name}", "value": value})


def _listing(query: str) -> Asked:
    """Whether an image is among those that are listed."""

    def ask(playing: Playing, who: Mapping[str, str], kind: Kind, thing: str) -> str:
        status, body = playing.request(who, "GET", f"/v2/images?id=in:{thing}{query}")
        return _listed(status, body, "images", "id", thing)

    return Asked(IMAGES, lambda playing, kind: playing.image(kind, "active"), ask)


def _listed(status: int, body: bytes, things: str, key: str, thing: str) -> str:
    """``200+`` if the thing is listed, ``200-`` if not."""
    if status != 200:
        return str(status)
    return "200+" if any(each[key] == thing for each in json.loads(body)[things]) else "200-"


def _creating(playing: Playing, who: Mapping[str, str], kind: Kind, thing: str) -> str:
    owner = {} if kind.relation == "own" else {"owner": OWNERS[kind.relation]}
    return str(playing.request(who, "POST", "/v2/images", {"visibility": kind.visibility, **owner})[0])


def _in_namespace(method: str, path: str = "", document: Any = None) -> Asked:
    def ask(playing: Playing, who: Mapping[str, str], kind: Kind, thing: str) -> str:
        given = {"namespace": thing, **document} if path == "" and document is not None else document
        return str(playing.request(who, method, f"/v2/metadefs/namespaces/{thing}{path}", given)[0])

    return Asked(NAMESPACES, Playing.namespace, ask)


def _listing_namespaces(playing: Playing, who: Mapping[str, str], kind: Kind, thing: str) -> str:
    status, body = playing.request(who, "GET", "/v2/metadefs/namespaces?limit=1000")
    return _listed(status, body, "namespaces", "namespace", thing)


def _creating_namespace(playing: Playing, who: Mapping[str, str], kind: Kind, thing: str) -> str:
    document = {"namespace": playing.name(), "visibility": kind.visibility, "owner": OWNERS[kind.relation]}
    return str(playing.request(who, "POST", "/v2/metadefs/namespaces", document)[0])


def _plain(method: str, path: str, document: Any = None) -> Asked:
    """An operation that is about no thing in particular."""
    return Asked(ANY, _nothing, lambda playing, who, kind, thing: str(playing.request(who, method, path, document)[0]))


_TASK = {"type": "import", "input": {"import_from": "http://127.0.0.1:1/x", "import_from_format": "raw", "image_properties": {}}}
_PROPERTY = {"name": "q", "title": "Q", "type": "string"}
_FILE = {"status": "queued", "media": "application/octet-stream"}
_REMOTE = {"url": "http://127.0.0.1:1/x", "metadata": {}}

OPERATIONS = {
    "create_image": Asked(PROPOSED, _nothing, _creating),
    "list_images": _listing(""),
    "list_images visibility=all": _listing("&visibility=all"),
    "list_images visibility=community": _listing("&visibility=community"),
    "list_images member_status=all": _listing("&member_status=all"),
    "show_image": _on_image("GET"),
    "show_image deactivated": _on_image("GET", status="deactivated"),
    "modify_image name": _replacing("name", "n"),
    "modify_image add property": _patching({"op": "add", "path": "/size_of_shoe", "value": "44"}),
    "modify_image remove property": _patching({"op": "remove", "path": "/colour"}),
    "modify_image public": _replacing("visibility", "public"),
    "modify_image community": _replacing("visibility", "community"),
    "modify_image private": _replacing("visibility", "private"),
    "modify_image owner": _replacing("owner", "elsewhere"),
    "modify_image add location": _passing(_patching({"op": "add", "path": "/locations/-", "value": _REMOTE}, status="queued")),
    "modify_image remove location": _patching({"op": "remove", "path": "/locations/0"}),
    "delete_image": _on_image("DELETE"),
    "delete_image deactivated": _on_image("DELETE", status="deactivated"),
    "upload_image": _on_image("PUT", "/file", b"data", **_FILE),
    "download_image": _on_image("GET", "/file"),
    "download_image deactivated": _on_image("GET", "/file", status="deactivated"),
    "deactivate": _on_image("POST", "/actions/deactivate"),
    "reactivate": _on_image("POST", "/actions/reactivate", status="deactivated"),
    "add_tag": _on_image("PUT", "/tags/u"),
    "remove_tag": _on_image("DELETE", "/tags/t"),
    "list_members": _on_image("GET", "/members"),
    "show_member": _on_image("GET", "/members/{member}"),
    "add_member": _on_image("POST", "/members", {"member": "new"}),
    "modify_member": _on_image("PUT", "/members/{member}", {"status": "accepted"}),
    "delete_member": _on_image("DELETE", "/members/{member}"),
    "add_location": _passing(_on_image("POST", "/locations", _REMOTE, status="queued")),
    "list_locations": _on_image("GET", "/locations"),
    "list_image_tasks": _on_image("GET", "/tasks"),
    "delete_copy": _passing(
        Asked(
            IMAGES,
            lambda playing, kind: playing.image(kind, "active"),
            lambda playing, who, kind, thing: str(playing.request(who, "DELETE", f"/v2/stores/one/{thing}")[0]),
        )
    ),
    "show_stores": _plain("GET", "/v2/info/stores/detail"),
    "show_usage": _plain("GET", "/v2/info/usage"),
    "list_tasks": _plain("GET", "/v2/tasks"),
    "create_task": _passing(_plain("POST", "/v2/tasks", _TASK)),
    "show_task": _plain("GET", "/v2/tasks/00000000-0000-4000-8000-000000000000"),
    "delete_task": _plain("DELETE", "/v2/tasks/00000000-0000-4000-8000-000000000000"),
    "list_namespaces": Asked(NAMESPACES, Playing.namespace, _listing_namespaces),
    "create_namespace": Asked(NAMESPACES, _nothing, _creating_namespace),
    "show_namespace": _in_namespace("GET"),
    "modify_namespace": _in_namespace("PUT", "", {"display_name": "d"}),
    "delete_namespace": _in_namespace("DELETE"),
    "list_objects": _in_namespace("GET", "/objects"),
    "create_object": _in_namespace("POST", "/objects", {"name": "q"}),
    "show_object": _in_namespace("GET", "/objects/o"),
    "modify_object": _in_namespace("PUT", "/objects/o", {"name": "o"}),
    "delete_object": _in_namespace("DELETE", "/objects/o"),
    "clear_objects": _in_namespace("DELETE", "/objects"),
    "list_properties": _in_namespace("GET", "/properties"),
    "create_property": _in_namespace("POST", "/properties", _PROPERTY),
    "show_property": _in_namespace("GET", "/properties/p"),
    "modify_property": _in_namespace("PUT", "/properties/p", {**_PROPERTY, "name": "p"}),
    "delete_property": _in_namespace("DELETE", "/properties/p"),
    "clear_properties": _in_namespace("DELETE", "/properties"),
    "list_tags": _in_namespace("GET", "/tags"),
    "create_tag": _in_namespace("POST", "/tags/q"),
    "create_tags": _in_namespace("POST", "/tags", {"tags": [{"name": "q"}]}),
    "show_tag": _in_namespace("GET", "/tags/t"),
    "modify_tag": _in_namespace("PUT", "/tags/t", {"name": "q"}),
    "delete_tag": _in_namespace("DELETE", "/tags/t"),
    "clear_tags": _in_namespace("DELETE", "/tags"),
    "list_resource_types": _plain("GET", "/v2/metadefs/resource_types"),
    "list_associations": _in_namespace("GET", "/resource_types"),
    "associate": _in_namespace("POST", "/resource_types", {"name": "other"}),
    "dissociate": _in_namespace("DELETE", "/resource_types/rt"),
}
"""By the name of the operation, and what is peculiar."""
