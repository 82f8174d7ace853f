"""Routes of the projects with which an image is shared."""

from glancepipe.api import members
from glancepipe.api.routes.route import route

ROUTES = (
    route("list_members", members.index, answers={200: "members"}),
    route(
        "add_member",
        members.add,
        takes="new_member",
        answers={200: "member"},
        refuses=(409,),
        yields={"member_id": "/member_id", "image_id": "/image_id"},
    ),
    route("show_member", members.show, answers={200: "member"}),
    route("modify_member", members.modify, takes="member_status", answers={200: "member"}),
    route("delete_member", members.delete, answers={204: None}),
)
