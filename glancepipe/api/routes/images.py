"""Routes of images: records, data, actions, tags."""

from glancepipe.api import actions, image_data, images, tags
from glancepipe.api.routes import parameters as asked
from glancepipe.api.routes.route import BYTES, route

ROUTES = (
    route(
        "list_images",
        images.index,
        body=True,
        answers={200: "images"},
        parameters=(*asked.PAGING, *asked.SORTING, *asked.FILTERS),
    ),
    route(
        "create_image",
        images.create,
        takes="new_image",
        answers={201: "image"},
        refuses=(409,),
        sends=(asked.LOCATION, asked.IMPORT_METHODS, asked.STORE_IDS),
        yields={"image_id": "/id"},
    ),
    route("show_image", images.show, answers={200: "image"}),
    route("modify_image", images.modify, takes="patch", answers={200: "image"}, refuses=(409, 415)),
    route("delete_image", images.delete, answers={204: None}, refuses=(409,)),
    route(
        "download_image",
        image_data.download,
        answers={200: BYTES, 206: BYTES, 204: None, 304: None},
        refuses=(416,),
        parameters=(asked.RANGE, asked.CONTENT_RANGE, asked.IF_RANGE, asked.IF_NONE_MATCH, asked.PREFER),
        sends=(asked.CONTENT_MD5, asked.ETAG, asked.ACCEPT_RANGES),
    ),
    route(
        "upload_image",
        image_data.upload,
        takes=BYTES,
        answers={204: None},
        refuses=(409, 410, 415),
        parameters=(asked.STORE, asked.SIZE),
    ),
    route("deactivate", actions.deactivate, answers={204: None}, refuses=(409,)),
    route("reactivate", actions.reactivate, answers={204: None}, refuses=(409,)),
    route("add_tag", tags.add, answers={204: None}, refuses=(413,)),
    route("remove_tag", tags.remove, answers={204: None}),
)
