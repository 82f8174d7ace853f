"""The table of operations: everything a caller can ask for, and what follows from the name.

*Verbs carry authority, not nouns*: a layer that wants to know what the caller asked for reads
``call.operation``. Documentation, the sample policy and the metrics are made from this table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a caller can ask for.

    ``rule`` is the oslo.policy rule that guards it (FEATURES 7.1), None if none does. ``by_caller`` says that the
    rule's target is the caller's own project and not an image. ``changes`` says that it needs a caller who may
    write at all (FEATURES 6.1-06). ``events`` are the notifications that it sends (FEATURES 6.3).
    """

    name: str
    method: str
    path: str
    rule: str | None
    summary: str
    by_caller: bool = False
    changes: bool = True
    events: tuple[str, ...] = ()


def _table(*operations: Operation) -> dict[str, Operation]:
    return {operation.name: operation for operation in operations}


IMAGE = "/v2/images/{image_id}"

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
    Operation("sweep", "", "", None, "Finish or undo what a crash interrupted (the service itself)"),
)
"""All operations by name. A plugin adds its own with ``register``."""


def register(operation: Operation) -> Operation:
    """Add a plugin's operation to the table. Raises ValueError if the name is taken by another one."""
    if OPERATIONS.setdefault(operation.name, operation) != operation:
        raise ValueError(f"Operation {operation.name!r} is in the table already.")
    return operation
