"""Routes of tasks."""

from glancepipe.api import tasks
from glancepipe.api.routes import parameters as asked
from glancepipe.api.routes.route import Parameter, route
from glancepipe.api.task_schemas import STATUSES

_NARROWING = (
    Parameter("type", {"enum": list(tasks.LISTED_TYPES)}, "Only tasks of this type"),
    Parameter("status", {"enum": list(STATUSES)}, "Only tasks with this status"),
    Parameter("sort_key", {"enum": list(tasks.SORT_KEYS)}, "By what to sort; created_at if it is not said"),
    Parameter("sort_dir", {"enum": list(tasks.SORT_DIRECTIONS)}, "The direction; desc if it is not said"),
)

ROUTES = (
    route("list_tasks", tasks.index, body=True, answers={200: "tasks"}, parameters=(*asked.PAGING, *_NARROWING)),
    route(
        "create_task",
        tasks.create,
        takes="new_task",
        answers={201: "task"},
        sends=(asked.LOCATION,),
        yields={"task_id": "/id"},
    ),
    route("show_task", tasks.show, body=True, answers={200: "task"}),
    route("delete_task", tasks.delete, body=True, answers={}, refuses=(405,)),
    route("list_image_tasks", tasks.of_image, answers={200: "image_tasks"}),
)
