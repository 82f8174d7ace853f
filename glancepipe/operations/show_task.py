"""GET /v2/tasks/{task_id}: one task."""

from glancepipe.contract import Call, Nouns, Task


def show_task(nouns: Nouns, call: Call, task_id: str) -> Task:
    """The task. Raises NotFound, Forbidden."""
    return nouns.tasks.get(call, task_id)
