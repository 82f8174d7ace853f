"""Routes of metadata definitions: namespaces, and what is in them (FEATURES 5.1)."""

from glancepipe.api.metadefs import namespaces, objects, properties, resource_types, tags
from glancepipe.api.metadefs.queries import DIRECTIONS, NAMESPACE_KEYS, TAG_KEYS
from glancepipe.api.metadefs.schemas import VISIBILITIES
from glancepipe.api.routes import parameters as asked
from glancepipe.api.routes.route import Parameter, route

_TEXT = {"type": "string"}
_LIMIT = asked.PAGING[0]
_DIRECTION = Parameter("sort_dir", {"enum": list(DIRECTIONS)}, "The direction; descending if nothing is said")
_PREFIXED = Parameter("resource_type", _TEXT, "A type of resource, with whose prefix the names of properties are written")


def _marker(what: str) -> Parameter:
    return Parameter("marker", _TEXT, f"Name of the {what} behind which the page begins: the last one of the page before")


def _key(keys: tuple[str, ...]) -> Parameter:
    return Parameter("sort_key", {"enum": list(keys)}, "By what to sort; created_at if nothing is said")


_NAMESPACES = (
    _LIMIT,
    _marker("namespace"),
    _key(NAMESPACE_KEYS),
    _DIRECTION,
    Parameter("visibility", {"enum": list(VISIBILITIES)}, "Only namespaces of this visibility"),
    Parameter("resource_types", _TEXT, "Only namespaces that apply to one of these types, separated by commas"),
)
_OBJECTS = (Parameter("limit", {**_LIMIT.schema, "minimum": 1}, "Has no effect: all are listed"), _DIRECTION)
_TAGS = (_LIMIT, _marker("tag"), _key(TAG_KEYS), _DIRECTION)
_APPEND = Parameter(tags.APPEND, _TEXT, "`true` keeps the tags that there are", "header")

ROUTES = (
    route("list_namespaces", namespaces.index, body=True, answers={200: "namespaces"}, refuses=(404,), parameters=_NAMESPACES),
    route(
        "create_namespace",
        namespaces.create,
        takes="new_namespace",
        answers={201: "namespace"},
        refuses=(404, 409),
        sends=(asked.LOCATION,),
        yields={"namespace": "/namespace"},
    ),
    route("show_namespace", namespaces.show, answers={200: "namespace"}, parameters=(_PREFIXED,)),
    route("modify_namespace", namespaces.modify, takes="new_namespace", answers={200: "namespace"}, refuses=(409,)),
    route("delete_namespace", namespaces.delete, answers={204: None}),
    route("list_objects", objects.index, body=True, answers={200: "metadef_objects"}, parameters=_OBJECTS),
    route(
        "create_object",
        objects.create,
        takes="new_metadef_object",
        answers={201: "metadef_object"},
        refuses=(409,),
        yields={"object_name": "/name"},
    ),
    route("clear_objects", objects.clear, answers={204: None}),
    route("show_object", objects.show, answers={200: "metadef_object"}),
    route("modify_object", objects.modify, takes="new_metadef_object", answers={200: "metadef_object"}, refuses=(409,)),
    route("delete_object", objects.delete, answers={204: None}),
    route("list_properties", properties.index, answers={200: "metadef_properties"}),
    route(
        "create_property",
        properties.create,
        takes="new_metadef_property",
        answers={201: "metadef_property"},
        refuses=(409,),
        yields={"property_name": "/name"},
    ),
    route("clear_properties", properties.clear, answers={204: None}),
    route("show_property", properties.show, body=True, answers={200: "metadef_property"}, parameters=(_PREFIXED,)),
    route("modify_property", properties.modify, takes="new_metadef_property", answers={200: "metadef_property"}, refuses=(409,)),
    route("delete_property", properties.delete, body=True, answers={204: None}),
    route("list_tags", tags.index, body=True, answers={200: "metadef_tags"}, parameters=_TAGS),
    route(
        "create_tags",
        tags.create_several,
        takes="new_metadef_tags",
        answers={201: "metadef_tags"},
        refuses=(409,),
        parameters=(_APPEND,),
    ),
    route("clear_tags", tags.clear, answers={204: None}),
    route("show_tag", tags.show, answers={200: "metadef_tag"}),
    route("create_tag", tags.create, answers={201: "metadef_tag"}, refuses=(409,), yields={"tag_name": "/name"}),
    route("modify_tag", tags.modify, takes="new_metadef_tag", answers={200: "metadef_tag"}, refuses=(409,)),
    route("delete_tag", tags.delete, answers={204: None}),
    route("list_resource_types", resource_types.index, answers={200: "resource_types"}, refuses=(404,)),
    route("list_associations", resource_types.associations, answers={200: "associations"}),
    route(
        "associate",
        resource_types.associate,
        takes="new_association",
        answers={201: "association"},
        refuses=(409,),
        yields={"resource_type": "/name"},
    ),
    route("dissociate", resource_types.dissociate, answers={204: None}),
)
