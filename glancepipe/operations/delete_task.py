"""DELETE /v2/tasks/{task_id}: never possible, and not everybody is told so."""

from glancepipe.contract import Call, Nouns


def delete_task(nouns: Nouns, call: Call) -> None:
    """Only asks whether the caller may use the tasks API: tasks expire by themselves (FEATURES 1.3-36). Raises Forbidden."""
    nouns.authority.permit(call)
