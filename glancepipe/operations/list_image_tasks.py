"""GET /v2/images/{image_id}/tasks: what is, or was, done to an image in the background."""

from collections.abc import Sequence

from glancepipe.contract import Call, Nouns, Task, TaskQuery


def list_image_tasks(nouns: Nouns, call: Call, image_id: str) -> Sequence[Task]:
    """The image's tasks that the caller may see, oldest first. Raises ImageNotFound, Forbidden (FEATURES 4.3-01)."""
    image = nouns.repo.get(call, image_id)
    return nouns.tasks.list(call, TaskQuery(image_id=image.id, limit=None, ascending=True)).rows
