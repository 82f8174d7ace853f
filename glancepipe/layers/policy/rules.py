"""The policy rules, with the names and default check strings of Glance. Part of the layer ``policy``.

Complete from the start (FEATURES 7.1), also for resources that come later, so that a policy file written for Glance
carries over as it is. oslo.policy's tools find it through the entry points ``oslo.policy.policies`` and
``oslo.policy.enforcer``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from oslo_config import cfg
from oslo_policy import policy

from glancepipe.contract import OPERATIONS

CONTEXT_IS_ADMIN = "context_is_admin"
ADD_IMAGE = "add_image"
DOWNLOAD_FROM_STORE = "download_from_store"
GET_IMAGE = "get_image"
PUBLICIZE_IMAGE = "publicize_image"
COMMUNITIZE_IMAGE = "communitize_image"
SET_IMAGE_LOCATION = "set_image_location"
DELETE_IMAGE_LOCATION = "delete_image_location"
GET_MEMBERS = "get_members"
GET_MEMBER = "get_member"
ADD_MEMBER = "add_member"
MODIFY_MEMBER = "modify_member"
DELETE_MEMBER = "delete_member"
MEMBER_RULES = frozenset({GET_MEMBERS, GET_MEMBER, ADD_MEMBER, MODIFY_MEMBER, DELETE_MEMBER})
"""Rules whose target is an image *and* a membership: an operation that they guard first needs ``get_image`` (FEATURES 4.1-01)."""

_ADMIN = "rule:context_is_admin"
_SERVICE = "rule:service_api"
_SAME_PROJECT = "project_id:%(project_id)s"
_IS_MEMBER = "project_id:%(member_id)s"
_PUBLIC = "'public':%(visibility)s"
_VISIBLE = f"({_SAME_PROJECT} or {_IS_MEMBER} or 'community':%(visibility)s or {_PUBLIC} or 'shared':%(visibility)s)"
_MEMBER = f"{_ADMIN} or (role:member and {_SAME_PROJECT})"
_READER = f"{_ADMIN} or (role:reader and {_SAME_PROJECT})"
_READER_OF_VISIBLE = f"{_ADMIN} or (role:reader and {_VISIBLE})"
_MEMBER_OF_VISIBLE = f"{_ADMIN} or (role:member and {_VISIBLE})"
_READER_OF_MEMBERSHIP = f"{_ADMIN} or role:reader and ({_SAME_PROJECT} or {_IS_MEMBER})"
_READER_OF_NAMESPACE = f"{_ADMIN} or (role:reader and ({_SAME_PROJECT} or {_PUBLIC}))"

_ANYBODY = "rule:default"
_IMAGE = "/v2/images/{image_id}"
_NAMESPACES = "/v2/metadefs/namespaces"
_NAMESPACE = f"{_NAMESPACES}/{{namespace_name}}"
_CACHE = "/v2/cache"


def list_rules() -> list[policy.RuleDefault]:
    """All rules with their defaults, for the layer and for ``oslopolicy-sample-generator`` (FEATURES 7.1, 7.2-09)."""
    return [*_building_blocks(), *_image_rules(), *_other_rules(), *_metadef_rules()]


def get_enforcer() -> policy.Enforcer:
    """An enforcer on the files that ``--config-file`` names, or on the usual ones: for oslo.policy's tools (FEATURES 7.2-09)."""
    # The tools call this without arguments: what they were called with is all that tells. And one of them looks at the
    # configuration that is global to the process, which is the tool's.
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config-file", action="append")
    cfg.CONF([], project="glancepipe", default_config_files=parser.parse_known_args()[0].config_file)
    enforcer = policy.Enforcer(cfg.CONF)
    enforcer.register_defaults(list_rules())
    return enforcer


def _building_blocks() -> Iterator[policy.RuleDefault]:
    yield policy.RuleDefault("default", "", "What rules refer to that let everybody pass")
    yield policy.RuleDefault(CONTEXT_IS_ADMIN, "role:admin", "Who is an administrator of the whole service")
    yield policy.RuleDefault("service_api", "role:service or role:admin", "Other services, such as the compute service")
    yield policy.RuleDefault("metadef_default", "", "What metadef rules refer to that let everybody pass")
    yield policy.RuleDefault("metadef_admin", _ADMIN, "Who may change metadata definitions")
    yield policy.RuleDefault("manage_image_cache", _ADMIN, "The former way to the image cache", scope_types=["project"])


def _image_rules() -> Iterator[policy.RuleDefault]:
    patch, post, get = f"PATCH {_IMAGE}", "POST /v2/images", f"GET {_IMAGE}"
    yield _rule(ADD_IMAGE, f"{_ADMIN} or (role:member and {_SAME_PROJECT} and project_id:%(owner)s)", legacy=_ANYBODY)
    yield _rule("delete_image", _MEMBER, legacy=_ANYBODY)
    yield _rule(GET_IMAGE, _READER_OF_VISIBLE, legacy=_ANYBODY)
    yield _rule("get_images", _READER, legacy=_ANYBODY)
    yield _rule("modify_image", _MEMBER, "", f"PUT {_IMAGE}/stage", f"POST {_IMAGE}/import", legacy=_ANYBODY)
    yield _rule(PUBLICIZE_IMAGE, _ADMIN, "Make an image public", post, patch)
    yield _rule(COMMUNITIZE_IMAGE, _MEMBER, "Offer an image to the community", post, patch, legacy=_ANYBODY)
    yield _rule("download_image", _MEMBER_OF_VISIBLE, legacy=_ANYBODY)
    yield _rule(DOWNLOAD_FROM_STORE, _MEMBER_OF_VISIBLE, "Choose the stores to download from", f"GET {_IMAGE}/file")
    yield _rule("upload_image", _MEMBER, legacy=_ANYBODY)
    yield _rule("get_image_location", _READER, "See where an image's data is", get, legacy=_ANYBODY)
    yield _rule(SET_IMAGE_LOCATION, _MEMBER, "Add or replace locations of an image", patch, legacy=_ANYBODY)
    yield _rule(DELETE_IMAGE_LOCATION, _ADMIN, "Remove a location of an image", patch, legacy=_ANYBODY)
    add_location = f"{_SERVICE} or (role:member and {_SAME_PROJECT} and project_id:%(owner)s)"
    yield _rule("add_image_location", add_location, "Add a location to a queued image", f"POST {_IMAGE}/locations")
    yield _rule("fetch_image_location", _SERVICE, "List the locations of an image", f"GET {_IMAGE}/locations")
    yield _rule(ADD_MEMBER, _MEMBER, legacy=_ANYBODY)
    yield _rule(DELETE_MEMBER, _MEMBER, legacy=_ANYBODY)
    yield _rule(GET_MEMBER, _READER_OF_MEMBERSHIP, legacy=_ANYBODY)
    yield _rule(GET_MEMBERS, _READER_OF_MEMBERSHIP, legacy=_ANYBODY)
    # Glance's former default lets everybody pass and is then narrowed by code: an owner can't accept for a member.
    yield _rule(MODIFY_MEMBER, f"{_ADMIN} or (role:member and {_IS_MEMBER})", legacy=_IS_MEMBER)
    yield _rule("deactivate", _MEMBER, legacy=_ANYBODY)
    yield _rule("reactivate", _MEMBER, legacy=_ANYBODY)
    yield _rule("copy_image", _ADMIN, "Copy an image to further stores", f"POST {_IMAGE}/import")


def _other_rules() -> Iterator[policy.RuleDefault]:
    former = "rule:manage_image_cache"
    yield _rule("cache_image", _ADMIN, "Queue an image for caching", f"PUT {_CACHE}/{{image_id}}", legacy=former)
    yield _rule("cache_list", _ADMIN, "List what is cached and queued", f"GET {_CACHE}", legacy=former)
    drop = (f"DELETE {_CACHE}", f"DELETE {_CACHE}/{{image_id}}")
    yield _rule("cache_delete", _ADMIN, "Drop images from the cache or its queue", *drop, legacy=former)
    yield _rule("cache_clean", _ADMIN, "Remove what is broken or stalled from the cache", f"POST {_CACHE}/clean")
    yield _rule("cache_prune", _ADMIN, "Shrink the cache to its limit", f"POST {_CACHE}/prune")
    yield _rule("list_cached_nodes", _ADMIN, "List the nodes that have an image cached", f"GET {_CACHE}/nodes/{{image_id}}")
    yield _rule("stores_info_detail", f"{_ADMIN} or {_SERVICE}", "See the details of stores", "GET /v2/info/stores/detail")
    tasks, task = "/v2/tasks", "/v2/tasks/{task_id}"
    calls = (f"GET {tasks}", f"POST {tasks}", f"GET {task}", f"DELETE {task}")
    yield _rule("tasks_api_access", _ADMIN, "Use the tasks API", *calls)
    unused = " (known for old policy files, not asked)"
    yield _rule("get_task", _ANYBODY, f"Show a task{unused}", f"GET {task}")
    yield _rule("get_tasks", _ANYBODY, f"List tasks{unused}", f"GET {tasks}")
    yield _rule("add_task", _ANYBODY, f"Start a task{unused}", f"POST {tasks}")
    yield _rule("modify_task", _ANYBODY, f"Change a task{unused}", f"DELETE {task}")


def _metadef_rules() -> Iterator[policy.RuleDefault]:
    read = {
        "get_metadef_namespace": ("Show a namespace", ""),
        "get_metadef_objects": ("List the objects of a namespace", "/objects"),
        "get_metadef_object": ("Show an object", "/objects/{object_name}"),
        "get_metadef_properties": ("List the properties of a namespace", "/properties"),
        "get_metadef_property": ("Show a property", "/properties/{property_name}"),
        "get_metadef_tags": ("List the tags of a namespace", "/tags"),
        "get_metadef_tag": ("Show a tag", "/tags/{tag_name}"),
        "get_metadef_resource_type": ("List the resource types of a namespace", "/resource_types"),
    }
    change = {
        "add_metadef_namespace": ("Create a namespace", f"POST {_NAMESPACES}"),
        "modify_metadef_namespace": ("Change a namespace", f"PUT {_NAMESPACE}"),
        "delete_metadef_namespace": ("Delete a namespace, or all objects or properties in it", f"DELETE {_NAMESPACE}"),
        "add_metadef_object": ("Create an object", f"POST {_NAMESPACE}/objects"),
        "modify_metadef_object": ("Change an object", f"PUT {_NAMESPACE}/objects/{{object_name}}"),
        "delete_metadef_object": ("Delete an object", f"DELETE {_NAMESPACE}/objects/{{object_name}}"),
        "add_metadef_property": ("Create a property", f"POST {_NAMESPACE}/properties"),
        "modify_metadef_property": ("Change a property", f"PUT {_NAMESPACE}/properties/{{property_name}}"),
        "remove_metadef_property": ("Delete a property", f"DELETE {_NAMESPACE}/properties/{{property_name}}"),
        "add_metadef_tags": ("Replace the tags of a namespace, or append some", f"POST {_NAMESPACE}/tags"),
        "delete_metadef_tags": ("Delete all tags of a namespace", f"DELETE {_NAMESPACE}/tags"),
        "add_metadef_tag": ("Create a tag", f"POST {_NAMESPACE}/tags/{{tag_name}}"),
        "modify_metadef_tag": ("Rename a tag", f"PUT {_NAMESPACE}/tags/{{tag_name}}"),
        "delete_metadef_tag": ("Delete a tag", f"DELETE {_NAMESPACE}/tags/{{tag_name}}"),
        "add_metadef_resource_type_association": ("Add a resource type to a namespace", f"POST {_NAMESPACE}/resource_types"),
        "remove_metadef_resource_type_association": (
            "Take a resource type from a namespace",
            f"DELETE {_NAMESPACE}/resource_types/{{name}}",
        ),
    }
    former = "rule:metadef_default"
    yield _rule("get_metadef_namespaces", _READER, "List namespaces", f"GET {_NAMESPACES}", legacy=former)
    types = "GET /v2/metadefs/resource_types"
    yield _rule("list_metadef_resource_types", _READER_OF_NAMESPACE, "List resource types", types, legacy=former)
    for name, (what, path) in read.items():
        yield _rule(name, _READER_OF_NAMESPACE, what, f"GET {_NAMESPACE}{path}", legacy=former)
    for name, (what, request) in change.items():
        yield _rule(name, "rule:metadef_admin", what, request)


def _rule(name: str, check: str, what: str = "", *requests: str, legacy: str | None = None) -> policy.DocumentedRuleDefault:
    """A rule for tokens of a project; what the table of operations says of it need not be said again.

    ``legacy`` is the check that also lets callers pass while ``enforce_new_defaults`` is false (FEATURES 7.2-08).
    """
    guarded = [operation for operation in OPERATIONS.values() if operation.rule == name]
    calls = dict.fromkeys([*(f"{operation.method} {operation.path}" for operation in guarded), *requests])
    former = None
    if legacy is not None:
        reason = "Glance's former default, which counts only while [oslo_policy] enforce_new_defaults is false."
        former = policy.DeprecatedRule(name, legacy, deprecated_reason=reason, deprecated_since="Xena")
    return policy.DocumentedRuleDefault(
        name,
        check,
        what or guarded[0].summary,
        [{"method": method, "path": path} for method, path in (call.split(" ", 1) for call in calls)],
        deprecated_rule=former,
        scope_types=["project"],
    )
