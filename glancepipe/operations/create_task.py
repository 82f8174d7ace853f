"""POST /v2/tasks: work that goes on after the answer."""

from collections.abc import Container, Mapping
from typing import Any

from glancepipe.contract import Call, Intent, Nouns, Task
from glancepipe.contract.errors import Invalid
from glancepipe.tasks.entries import entry_of


def create_task(nouns: Nouns, call: Call, type: str, input: Mapping[str, Any], types: Container[str]) -> tuple[Task, Intent]:
    """The task, and its journal entry for whoever runs it; ``types`` are those that can be run.

    Raises Forbidden, Invalid (FEATURES 4.3-03).
    """
    task = nouns.tasks.new_task(call, type, input)
    if type not in types:
        raise Invalid(f"Nothing that is installed here runs tasks of the type {type!r}.")
    entry = entry_of(call, task)
    return nouns.tasks.add(call, task, (entry,)), entry
