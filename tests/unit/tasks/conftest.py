"""A pipeline in memory, and runners on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from glancepipe.contract import Call, Caller, Image, ImageValues, Intent, Nouns, Task
from glancepipe.operations.create_image import create_image
from glancepipe.operations.create_task import create_task
from glancepipe.tasks.runner import Runner
from glancepipe.tasks.work import Flow
from glancepipe.testing import linked
from glancepipe.testing.ends import Ends

ALICE = Caller(user_id="alice", project_id="red", roles=frozenset({"member"}), token="secret")


@dataclass
class World:
    """What tasks work on, and what they leave."""

    nouns: Nouns
    ends: Ends
    runners: list[Runner] = field(default_factory=list)

    def runner(self, flow: Flow | None = None) -> Runner:
        """A runner that does ``flow`` for tasks of the type ``import``."""
        runner = Runner(self.nouns, 2, {"import": flow} if flow else {})
        self.runners.append(runner)
        runner.start()
        return runner

    def task(self) -> tuple[Task, Intent]:
        """A new task and its entry."""
        with Call("create_task", ALICE, request_id="req-1") as call:
            return create_task(self.nouns, call, "import", {"import_from": "http://x"}, {"import"})

    def image(self, **base: object) -> Image:
        """A new image."""
        return create_image(self.nouns, Call("create_image", ALICE), ImageValues({"owner": "red", **base}))

    def stored(self, task: Task) -> Task:
        """The task's record."""
        return self.ends.kept_tasks[task.id]

    def adopted(self, entry: Intent) -> None:
        """The worker that held the entry is taken for dead, and another one has adopted its task."""
        del self.ends.intents[entry.id]


@pytest.fixture
def world() -> Iterator[World]:
    pipeline = linked()
    ends = pipeline.layers[-1]
    assert isinstance(ends, Ends)
    world = World(pipeline.nouns, ends)
    yield world
    for runner in world.runners:
        runner.close()


@pytest.fixture
def finish(world: World) -> Callable[[Flow, Intent], None]:
    """Carry one entry out to its end."""

    def finish(flow: Flow, entry: Intent) -> None:
        runner = world.runner(flow)
        runner.run(entry)
        # Closing it would leave what has not begun to another worker.
        runner._pool.shutdown()

    return finish
