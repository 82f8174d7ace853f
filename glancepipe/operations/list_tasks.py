"""GET /v2/tasks: a page of tasks."""

from glancepipe.contract import Call, Nouns, TaskPage, TaskQuery


def list_tasks(nouns: Nouns, call: Call, query: TaskQuery) -> TaskPage:
    """The page that ``query`` asks for. Raises Invalid (marker, sort key), Forbidden (FEATURES 4.3-04)."""
    return nouns.tasks.list(call, query)
