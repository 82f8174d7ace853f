"""Bad input to every route that the tables have: 4xx with a sentence, never 5xx, and nothing has changed (FEATURES 1.2, 12-05).

A new route is tested as soon as its row is there; ``World`` must know how to make what its path names.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glancepipe.api.openapi.components import MEDIA_TYPES
from glancepipe.api.routes import ROUTES
from glancepipe.api.routes.route import BYTES, Route

JSON = [route for route in ROUTES if route.takes and route.takes != BYTES]
WITH_FIELDS = [route for route in ROUTES if route.fields]

ABSURD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 1e300, 10**40, -(2**63) - 1, "", " ", "x" * 70_000, "\0", "\U0001f600", "\ud800"),
    *([], {}, [None], [[]], [{}], ["x" * 300], {"": ""}, {"a": {"b": [None]}}, "../../etc/passwd", "%s%n", "'; --"),
)
"""Values that some attribute takes and most do not."""

TEXTS = (
    "",
    " ",
    "x",
    "-1",
    "1.5",
    "9" * 40,
    "NaN",
    "true",
    "x" * 4000,
    "\U0001f600",
    "\0",
    "é",
    ",",
    ":",
    'in:"',
    "eq:",
    "../..",
    "%",
    "&",
)
"""Values of parameters and headers, as far as these can hold them."""


def named(routes: Iterable[Route]) -> Any:
    return pytest.mark.parametrize("route", [pytest.param(route, id=route.name) for route in routes])


class World:
    """An administrator's service, and something at every path of the tables."""

    def __init__(self, admin: Any) -> None:
        self.admin = admin
        self.schemas = admin("GET", "/v2/openapi.json").json["components"]["schemas"]
        self.kept = self.make()

    def make(self) -> dict[str, str]:
        """What fields of paths are filled with, made anew."""
        image = self.admin.create(disk_format="raw", container_format="bare", tags=["a tag"])
        shared = self.admin("POST", f"/v2/images/{image['id']}/members", document={"member": "a project"})
        assert shared.status == 200, shared.text
        namespace = f"space {uuid.uuid4()}"
        property_ = {"title": "A property", "type": "string"}
        content = {
            "objects": [{"name": "an object", "properties": {"a property": property_}}],
            "properties": {"a property": property_},
            "tags": [{"name": "a tag"}],
            "resource_type_associations": [{"name": "a type"}],
        }
        defined = self.admin("POST", "/v2/metadefs/namespaces", document={"namespace": namespace, **content})
        assert defined.status == 201, defined.text
        fields = {"object_name": "an object", "property_name": "a property", "tag_name": "a tag", "name": "a type", "store_id": "slow"}
        return {"image_id": image["id"], "member_id": "a project", "tag": "a tag", "namespace": namespace, **fields}

    def path(self, route: Route, **fields: str) -> str:
        """The path to something that is there, but for ``fields``, which are encoded already."""
        found = {name: quote(value) for name, value in (self.make() if route.method == "DELETE" else self.kept).items()}
        return route.path.format(**{**dict.fromkeys(route.fields, "x"), **found, **fields})

    def ask(self, route: Route, path: str, body: bytes | None = None, **headers: str) -> Any:
        """Send what the route takes, or ``body``, and judge what every answer must be like."""
        if body is None and route.takes:
            body = self.body(route)
        answer = self.admin(route.method, path, body, headers={"Content-Type": self.media_type(route), **headers})
        assert answer.status < 500, answer.text
        if answer.status < 400 and route.method == "PUT" and "namespace" in route.fields:
            # It may have another name by now.
            self.kept = self.make()
        if answer.status >= 400:
            assert re.search(r"\w \w", answer.text.partition("\n\n")[2]), answer.text
        return answer

    def media_type(self, route: Route) -> str:
        if route.takes == BYTES:
            return "application/octet-stream"
        return next(reversed(MEDIA_TYPES.get(route.takes or "", {"application/json": ""})))

    def body(self, route: Route) -> bytes:
        """A body that is good, as far as the schema tells."""
        return b"" if route.takes == BYTES else json.dumps(self.sample(self.schema(route))).encode()

    def schema(self, route: Route) -> Mapping[str, Any]:
        name = MEDIA_TYPES.get(route.takes or "", {self.media_type(route): route.takes})[self.media_type(route)]
        found: Mapping[str, Any] = self.schemas[name]
        return found

    def sample(self, schema: Mapping[str, Any]) -> Any:
        """The least that conforms."""
        if "$ref" in schema:
            return self.sample(self.schemas[schema["$ref"].rpartition("/")[2]])
        if "enum" in schema:
            return schema["enum"][-1]
        kind = schema.get("type", "string")
        kind = kind if isinstance(kind, str) else kind[-1]
        if kind == "object":
            properties = schema.get("properties", {})
            return {name: self.sample(properties.get(name, {})) for name in schema.get("required", ())}
        return {"array": [], "string": "x", "integer": 0, "number": 0, "boolean": False, "null": None}[kind]

    def properties(self, route: Route) -> list[str]:
        """The members of the route's body that have a name of their own."""
        return sorted(self.schema(route).get("properties", ()))


@pytest.fixture(scope="module")
def world(several: Any) -> World:
    """Where there are several stores and locations are shown, more of the code can be reached."""
    return World(several.as_("admins", "admin"))


@pytest.fixture
def unchanged(world: World) -> Callable[[Any], None]:
    """Call it with a refusal: the image that everything is tried on is as before."""
    before = world.admin.show(world.kept["image_id"])

    def check(answer: Any) -> None:
        assert answer.status >= 400
        assert world.admin.show(world.kept["image_id"]) == before

    return check


@named(WITH_FIELDS)
@pytest.mark.parametrize(
    "value", [str(uuid.UUID(int=7)), "x" * 300, "..", "%00", "%ff", "%F0%9F%98%80", "%27%20OR%201%3D1", "%25s", "a%0d%0ab"]
)
def test_unknown_things(world: World, route: Route, value: str) -> None:
    """Whatever stands in a field of a path; what is not text is refused whatever it is."""
    for number, name in enumerate(route.fields):
        answer = world.ask(route, world.path(route, **{name: value}))
        if value in ("%00", "%ff"):
            assert answer.status == 400
        elif number < len(route.fields) - 1:
            # A store that is not enabled here is a conflict (FEATURES 1.3-22).
            assert answer.status in ((400, 403, 404, 409) if name == "store_id" else (400, 403, 404))


@named(JSON)
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"]", b"\xff\xfe{}", b"nul", b'{"a":}', b'{"a": NaN}', b'{"a": 1e999}x', b"\xef\xbb\xbf{}", b"{'a': 1}", b"\0"),
        *(b"5", b'"x"', b"null", b"true", b"1e999", b"-" + b"9" * 400, b"[" * 100_000, b'{"a":' * 100_000, b'"\\ud800"', b"a=1&b=2"),
    ],
    ids=lambda body: repr(body[:12]),
)
def test_broken_bodies(world: World, route: Route, body: bytes, unchanged: Any) -> None:
    """FEATURES 1.2-04, 1.2-07."""
    answer = world.ask(route, world.path(route), body)
    assert answer.status == 400
    unchanged(answer)


@named(JSON)
def test_wrong_shapes(world: World, route: Route, unchanged: Any) -> None:
    """An array where an object is needed and the other way round, and elements that are none of either (FEATURES 1.2-04, 12-05)."""
    wrong = {} if world.schema(route).get("type") == "array" else []
    unchanged(world.ask(route, world.path(route), json.dumps(wrong).encode()))
    for element in (None, 5, "x", [], [[]]):
        unchanged(world.ask(route, world.path(route), json.dumps([element]).encode()))


@named(JSON)
@pytest.mark.parametrize("value", ABSURD, ids=lambda value: ascii(value)[:20])
def test_absurd_values(world: World, route: Route, value: Any) -> None:
    """Each attribute of a body, one at a time: wrong types, absurd numbers, texts that are too long or no text (12-05)."""
    for name in [*world.properties(route), "unknown", "", "x" * 300, "\0", "os_glance_x"]:
        document = {**world.sample({**world.schema(route), "type": "object"}), name: value}
        try:
            body = json.dumps(document, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            body = json.dumps(document).encode()
        world.ask(route, world.path(route), body)


@named(JSON)
def test_long_bodies(world: World, route: Route, unchanged: Any) -> None:
    """As long as the option lets them be, and longer."""
    for size in ((1 << 20) + 1, 3 << 20):
        answer = world.ask(route, world.path(route), json.dumps({"name": "x" * size}).encode())
        assert answer.status == 413
        unchanged(answer)


@named(route for route in ROUTES if not route.body)
def test_unexpected_bodies(world: World, route: Route, unchanged: Any) -> None:
    """FEATURES 1.2-03."""
    path = world.path(route)
    for body in (b"{}", b"\xff", [b"x"]):
        answer = world.admin(route.method, path, body)
        assert answer.status == 400
        unchanged(answer)


@named(route for route in ROUTES if route.takes == BYTES or route.takes in MEDIA_TYPES)
@pytest.mark.parametrize(
    "media_type", ["", "application/json", "text/plain; charset=x", "x", "é", "/", "*/*", "application/octet-stream2", ";"]
)
def test_content_types(world: World, route: Route, media_type: str, unchanged: Any) -> None:
    """FEATURES 1.5-01, 1.6-01."""
    answer = world.ask(route, world.path(route), Content_Type=media_type)
    assert answer.status == 415
    unchanged(answer)


@named(ROUTES)
def test_headers_that_are_too_much(world: World, route: Route, unchanged: Any) -> None:
    """FEATURES 1.2-11, 12-05; the limits of group [api]."""
    path = world.path(route)
    for headers in ({"X-OpenStack-Request-ID": "x" * 65}, {f"X-{n}": "x" for n in range(101)}, {"X-Auth-Token": "x" * 65_536}):
        answer = world.ask(route, path, **headers)
        assert answer.status == 431
        unchanged(answer)
    answer = world.ask(route, f"{path}?{'x' * 8000}")
    assert answer.status == 414
    unchanged(answer)


@named(ROUTES)
def test_query_strings(world: World, route: Route) -> None:
    """Every parameter with every text, and what is no parameter; what a schema rules out is refused."""
    for parameter in route.parameters:
        if parameter.where != "query":
            continue
        for text in TEXTS:
            answer = world.ask(route, f"{world.path(route)}?{urlencode({parameter.name: text})}")
            if parameter.schema.get("type") == "integer" and text in ("x", "NaN", "1.5"):
                assert answer.status == 400, parameter
    path = world.path(route)
    for query in ("%ff=x", "x=%ff", "%00", "x=%00", "&&&", "=", "?", "x" * 3000, "&".join(["a=b"] * 1500)):
        answer = world.ask(route, f"{path}?{query}")
        if route.parameters and route.name == "list_images" and ("%ff" in query or "%00" in query or len(query) > 5000):
            assert answer.status == 400


@named(ROUTES)
def test_headers(world: World, route: Route) -> None:
    """Every header that a route knows, and those that all do, with every text that a header can hold."""
    names = [parameter.name for parameter in route.parameters if parameter.where == "header"]
    for name in [*names, "Accept", "X-OpenStack-Request-ID", "Range", "Content-Range", "If-Match", "Accept-Language"]:
        path = world.path(route)
        for text in (*TEXTS, "bytes=0-0,1-1", "bytes=--1", "bytes=" + "9" * 30 + "-", "\xff\xfe", "application/json;q=x, */*;q=2"):
            if text.isprintable() and all(ord(letter) < 256 for letter in text):
                world.ask(route, path, **{name: text})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
BRIEFLY = settings(
    max_examples=25, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@named(JSON)
def test_any_document(world: World, route: Route) -> None:
    """Documents with the names that mean something, and whatever else JSON can say."""
    names = st.sampled_from([*world.properties(route), "op", "path", "value", "add", "remove", "url"]) | st.text(max_size=8)
    documents = st.dictionaries(names, ANYTHING, max_size=5)

    @BRIEFLY
    @given(documents | st.lists(documents, max_size=3) | ANYTHING)
    def attempt(document: Any) -> None:
        world.ask(route, world.path(route), json.dumps(document).encode())

    attempt()


@named(route for route in ROUTES if any(parameter.where == "query" for parameter in route.parameters))
def test_any_query(world: World, route: Route) -> None:
    """Parameters that mean something, in any combination and with any text."""
    names = st.sampled_from([parameter.name for parameter in route.parameters if parameter.where == "query"]) | st.text(max_size=8)
    values = st.sampled_from(TEXTS) | st.text(max_size=20) | st.integers().map(str)

    @BRIEFLY
    @given(st.lists(st.tuples(names, values), max_size=5))
    def attempt(pairs: list[tuple[str, str]]) -> None:
        query = urlencode(pairs, errors="surrogatepass")[:7000]
        world.ask(route, f"{world.path(route)}?{query}")

    attempt()


@named(route for route in ROUTES if any(parameter.where == "header" for parameter in route.parameters))
def test_any_header(world: World, route: Route) -> None:
    """Headers that mean something, with any text that the wire can carry."""
    names = st.sampled_from([parameter.name for parameter in route.parameters if parameter.where == "header"])
    letters = st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f")

    @BRIEFLY
    @given(st.dictionaries(names, st.text(letters, max_size=30), min_size=1))
    def attempt(headers: dict[str, str]) -> None:
        world.ask(route, world.path(route), **headers)

    attempt()
