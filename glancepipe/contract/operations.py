"""The table of operations: everything a caller can ask for, and what follows from the name.

*Verbs carry authority, not nouns*: a layer that wants to know what the caller asked for reads
``call.operation``. Documentation, the sample policy and the metrics are made from this table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a caller can ask for.

    ``rule`` is the oslo.policy rule that guards it (FEATURES 7.1), None if none does; ``first`` are rules that must
    allow it too, and are asked before. ``by_caller`` says that the rule's target is the caller's own project and not
    an image. ``changes`` says that it needs a caller who may write at all (FEATURES 6.1-06). ``events`` are the
    notifications that it sends (FEATURES 6.3).
    """

    name: str
    method: str
    path: str
    rule: str | None
    summary: str
    by_caller: bool = False
    changes: bool = True
    events: tuple[str, ...] = ()
    first: tuple[str, ...] = ()


def _table(*operations: Operation) -> dict[str, Operation]:
    return {operation.name: operation for operation in operations}


IMAGE = "/v2/images/{image_id}"
TASKS = "/v2/tasks"
NAMESPACES = "/v2/metadefs/namespaces"
NAMESPACE = f"{NAMESPACES}/{{namespace}}"


def _definitions(kind: str, kinds: str, path: str, remove: str, *clear: str) -> Iterator[Operation]:
    """What can be done with one kind of definitions in a namespace (FEATURES 5.1-06 to 5.1-11).

    ``remove`` is the rule for deleting one, ``clear`` are those for deleting all.
    """
    all_of_them = path.rpartition("/")[0]
    # A tag has no body: its name is in the path.
    create = path if kind == "tag" else all_of_them
    event = f"metadef_{kind}"
    yield Operation(f"list_{kinds}", "GET", all_of_them, f"get_metadef_{kinds}", f"List the {kinds} of a namespace", changes=False)
    yield Operation(
        f"create_{kind}", "POST", create, f"add_metadef_{kind}", f"Add one to the {kinds} of a namespace", events=(f"{event}.create",)
    )
    yield Operation(f"show_{kind}", "GET", path, f"get_metadef_{kind}", f"Show one of the {kinds}", changes=False)
    yield Operation(f"modify_{kind}", "PUT", path, f"modify_metadef_{kind}", f"Replace one of the {kinds}", events=(f"{event}.update",))
    yield Operation(f"delete_{kind}", "DELETE", path, remove, f"Delete one of the {kinds}", events=(f"{event}.delete",))
    yield Operation(
        f"clear_{kinds}",
        "DELETE",
        all_of_them,
        clear[-1],
        f"Delete all {kinds} of a namespace",
        events=(f"metadef_namespace.delete_{kinds}",),
        first=clear[:-1],
    )


OPERATIONS = _table(
    Operation("create_image", "POST", "/v2/images", "add_image", "Create an image record", events=("image.create",)),
    Operation("list_images", "GET", "/v2/images", "get_images", "List images", by_caller=True, changes=False),
    Operation("show_image", "GET", IMAGE, "get_image", "Show one image", changes=False),
    Operation("modify_image", "PATCH", IMAGE, "modify_image", "Change an image record", events=("image.update",)),
    Operation("delete_image", "DELETE", IMAGE, "delete_image", "Delete an image and its data", events=("image.delete",)),
    Operation(
        "upload_image",
        "PUT",
        f"{IMAGE}/file",
        "upload_image",
        "Upload an image's data",
        events=("image.update", "image.prepare", "image.upload", "image.activate", "image.update"),
    ),
    Operation(
        "download_image", "GET", f"{IMAGE}/file", "download_image", "Download an image's data", changes=False, events=("image.send",)
    ),
    Operation("deactivate", "POST", f"{IMAGE}/actions/deactivate", "deactivate", "Forbid downloads", events=("image.update",)),
    Operation("reactivate", "POST", f"{IMAGE}/actions/reactivate", "reactivate", "Allow downloads again", events=("image.update",)),
    Operation("add_tag", "PUT", f"{IMAGE}/tags/{{tag}}", "modify_image", "Add a tag", events=("image.update",)),
    Operation("remove_tag", "DELETE", f"{IMAGE}/tags/{{tag}}", "modify_image", "Remove a tag", events=("image.update",)),
    Operation("list_members", "GET", f"{IMAGE}/members", "get_members", "List the projects that share an image", changes=False),
    Operation("show_member", "GET", f"{IMAGE}/members/{{member_id}}", "get_member", "Show one membership", changes=False),
    Operation("add_member", "POST", f"{IMAGE}/members", "add_member", "Share an image", events=("image.member.create",)),
    Operation(
        "modify_member",
        "PUT",
        f"{IMAGE}/members/{{member_id}}",
        "modify_member",
        "Accept or reject a shared image",
        events=("image.member.update",),
    ),
    Operation(
        "delete_member", "DELETE", f"{IMAGE}/members/{{member_id}}", "delete_member", "Stop sharing", events=("image.member.delete",)
    ),
    Operation(
        "add_location",
        "POST",
        f"{IMAGE}/locations",
        "add_image_location",
        "Give an image the data that lies at a location",
        events=("image.update", "image.update"),
    ),
    Operation("list_locations", "GET", f"{IMAGE}/locations", "fetch_image_location", "List where an image's data is", changes=False),
    Operation("list_image_tasks", "GET", f"{IMAGE}/tasks", "get_image", "List the tasks on an image", changes=False),
    Operation(
        "delete_copy",
        "DELETE",
        "/v2/stores/{store_id}/{image_id}",
        "delete_image_location",
        "Delete an image's data from one store",
        events=("image.update",),
        first=("get_image_location",),
    ),
    Operation(
        "show_stores",
        "GET",
        "/v2/info/stores/detail",
        "stores_info_detail",
        "Show the stores in detail",
        by_caller=True,
        changes=False,
    ),
    Operation("show_usage", "GET", "/v2/info/usage", None, "Show limits and usage of the caller's project", changes=False),
    Operation("list_tasks", "GET", TASKS, "tasks_api_access", "List tasks", by_caller=True, changes=False),
    Operation("create_task", "POST", TASKS, "tasks_api_access", "Start a task", by_caller=True),
    Operation("show_task", "GET", f"{TASKS}/{{task_id}}", "tasks_api_access", "Show one task", by_caller=True, changes=False),
    Operation("delete_task", "DELETE", f"{TASKS}/{{task_id}}", "tasks_api_access", "Not possible: tasks expire", by_caller=True),
    Operation(
        "list_namespaces",
        "GET",
        NAMESPACES,
        "get_metadef_namespaces",
        "List namespaces",
        by_caller=True,
        changes=False,
        first=("list_metadef_resource_types",),
    ),
    Operation(
        "create_namespace",
        "POST",
        NAMESPACES,
        "add_metadef_namespace",
        "Create a namespace and what is in it",
        events=("metadef_namespace.create",),
    ),
    Operation("show_namespace", "GET", NAMESPACE, "get_metadef_namespace", "Show a namespace and all that is in it", changes=False),
    Operation(
        "modify_namespace",
        "PUT",
        NAMESPACE,
        "modify_metadef_namespace",
        "Replace a namespace's attributes",
        events=("metadef_namespace.update",),
    ),
    Operation(
        "delete_namespace",
        "DELETE",
        NAMESPACE,
        "delete_metadef_namespace",
        "Delete a namespace and all that is in it",
        events=("metadef_namespace.delete",),
    ),
    *_definitions("object", "objects", f"{NAMESPACE}/objects/{{object_name}}", "delete_metadef_object", "delete_metadef_namespace"),
    *_definitions(
        "property", "properties", f"{NAMESPACE}/properties/{{property_name}}", "remove_metadef_property", "delete_metadef_namespace"
    ),
    *_definitions("tag", "tags", f"{NAMESPACE}/tags/{{tag_name}}", "delete_metadef_tag", "delete_metadef_namespace", "delete_metadef_tags"),
    Operation(
        "create_tags",
        "POST",
        f"{NAMESPACE}/tags",
        "add_metadef_tags",
        "Replace the tags of a namespace, or append some",
        events=("metadef_tag.create",),
    ),
    Operation(
        "list_resource_types",
        "GET",
        "/v2/metadefs/resource_types",
        "list_metadef_resource_types",
        "List resource types",
        by_caller=True,
        changes=False,
    ),
    Operation(
        "list_associations",
        "GET",
        f"{NAMESPACE}/resource_types",
        "list_metadef_resource_types",
        "List the resource types of a namespace",
        changes=False,
    ),
    Operation(
        "associate",
        "POST",
        f"{NAMESPACE}/resource_types",
        "add_metadef_resource_type_association",
        "Add a resource type to a namespace",
        events=("metadef_resource_type.create",),
    ),
    Operation(
        "dissociate",
        "DELETE",
        f"{NAMESPACE}/resource_types/{{resource_type}}",
        "remove_metadef_resource_type_association",
        "Take a resource type from a namespace",
        events=("metadef_resource_type.delete",),
    ),
    Operation("location_import", "", "", None, "Conclude the data that a location brought (the service itself)"),
    Operation("restore_image", "", "", None, "Bring back a deleted image whose data is still there (the operator's command)"),
    Operation("sweep", "", "", None, "Finish or undo what a crash interrupted (the service itself)"),
)
"""All operations by name. A plugin adds its own with ``register``."""


def register(operation: Operation) -> Operation:
    """Add a plugin's operation to the table. Raises ValueError if the name is taken by another one."""
    if OPERATIONS.setdefault(operation.name, operation) != operation:
        raise ValueError(f"Operation {operation.name!r} is in the table already.")
    return operation
