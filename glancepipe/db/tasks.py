"""Tasks and what they say (FEATURES 4.3, 9-08). Expired ones are soft-deleted when somebody looks."""

from __future__ import annotations

from typing import Any

from oslo_db import exception as db_error
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, false, insert, or_, select, true, update

from glancepipe.contract.call import Call
from glancepipe.contract.errors import Duplicate, Invalid, NotFound, StatusChanged
from glancepipe.contract.records import Intent
from glancepipe.contract.tasks import Task, TaskPage, TaskQuery, TaskRepoProxy
from glancepipe.db import records
from glancepipe.db.base import Base
from glancepipe.db.commits import commit
from glancepipe.db.database import now
from glancepipe.db.journal import close_entries
from glancepipe.db.models import task_info, tasks
from glancepipe.db.sql import live
from glancepipe.db.values import checked, obstacle

SORT_KEYS = ("id", "type", "status", "owner", "created_at", "updated_at")
_COLUMNS = ("id", "type", "status", "owner", "expires_at", "image_id", "request_id", "user_id")


class DbTaskRepo(TaskRepoProxy[Base]):
    """Ends the noun, but for ``new_task``."""

    def list(self, call: Call, query: TaskQuery) -> TaskPage:
        """One select, after what has expired was put away."""
        if query.sort_key not in SORT_KEYS:
            raise Invalid(f"Tasks can't be sorted by {query.sort_key!r}.")
        self._expire(_visible(query))

        def read(connection: Connection) -> TaskPage:
            marker = None
            if query.marker is not None:
                marker = connection.execute(select(tasks).where(tasks.c.id == query.marker, live(tasks), _visible(query))).first()
                if marker is None:
                    raise Invalid(f"The marker {query.marker} is not the ID of a task.")
            if query.limit == 0:
                return TaskPage()
            rows = connection.execute(_page(query, marker)).all()
            return TaskPage([_task(row) for row in rows[: query.limit]], query.limit is not None and len(rows) > query.limit)

        return self.layer.database.read(read)

    def get(self, call: Call, task_id: str) -> Task:
        """One select."""
        if obstacle(tasks.c.id, task_id):
            raise _missing(task_id)
        return self.layer.database.read(lambda connection: _read(connection, task_id))

    def add(self, call: Call, task: Task, begins: tuple[Intent, ...] = ()) -> Task:
        """Task and journal entries in one transaction."""
        values, said = _values(task), _said(task)

        def keep(connection: Connection, worker_id: str) -> Task:
            times = {"created_at": (time := now()), "updated_at": time}
            try:
                connection.execute(insert(tasks).values(values | times | {"deleted": False}))
            except db_error.DBDuplicateEntry:
                raise Duplicate(f"There is a task {task.id} already.") from None
            connection.execute(insert(task_info).values(said | {"task_id": task.id}))
            return _read(connection, task.id)

        return commit(self.layer, call, "tasks.add", keep, begins)

    def save(self, call: Call, task: Task, changed: Task, settles: tuple[str, ...] = ()) -> Task:
        """A compare-and-swap of the status; a task whose journal entry another worker has taken is that one's."""
        values, said = _values(changed), _said(changed)

        def change(connection: Connection, worker_id: str) -> Task:
            mine = update(tasks).where(tasks.c.id == task.id, live(tasks), tasks.c.status == task.status)
            if not connection.execute(mine.values(values | {"updated_at": now()})).rowcount:
                present = _read(connection, task.id)
                raise StatusChanged(f"The status of task {task.id} is {present.status!r} and no longer {task.status!r}.")
            connection.execute(update(task_info).where(task_info.c.task_id == task.id).values(said))
            if not close_entries(connection, settles, worker_id):
                raise StatusChanged(f"Task {task.id}: another worker has taken it over.")
            return _read(connection, task.id)

        return commit(self.layer, call, "tasks.save", change, settles=settles)

    def _expire(self, whose: ColumnElement[bool]) -> None:
        time = now()
        old = and_(live(tasks), tasks.c.expires_at <= time, whose)
        if self.layer.database.read(lambda connection: connection.execute(select(tasks.c.id).where(old).limit(1)).first()):
            gone = update(tasks).where(old).values(deleted=True, deleted_at=time, updated_at=time)
            self.layer.database.write(lambda connection: connection.execute(gone))


def _visible(query: TaskQuery) -> ColumnElement[bool]:
    if query.everything:
        return true()
    # Whoever has no project is not the owner of what belongs to none (FEATURES 9-18).
    return tasks.c.owner == query.viewer if query.viewer else false()


def _page(query: TaskQuery, marker: Row[Any] | None) -> Select[Any]:
    conditions = [live(tasks), _visible(query)]
    for name in ("type", "status", "image_id"):
        wanted = getattr(query, name)
        if wanted is not None:
            conditions.append(tasks.c[name] == wanted)
    key = tasks.c[query.sort_key]
    if marker is not None:
        value = getattr(marker, query.sort_key)
        beyond, after = (key > value, tasks.c.id > marker.id) if query.ascending else (key < value, tasks.c.id < marker.id)
        conditions.append(or_(beyond, and_(key == value, after)))
    ordered = [each.asc() if query.ascending else each.desc() for each in (key, tasks.c.id)]
    limit = None if query.limit is None else query.limit + 1
    return _whole().where(*conditions).order_by(*ordered).limit(limit)


def _whole() -> Select[Any]:
    return select(tasks, task_info.c.input, task_info.c.result, task_info.c.message).join(
        task_info, task_info.c.task_id == tasks.c.id, isouter=True
    )


def _read(connection: Connection, task_id: str) -> Task:
    row = connection.execute(_whole().where(tasks.c.id == task_id, live(tasks))).first()
    if row is None:
        raise _missing(task_id)
    return _task(row)


def _task(row: Row[Any]) -> Task:
    return Task(
        **{name: getattr(row, name) for name in _COLUMNS},
        input=records.from_json(row.input),
        result=records.from_json(row.result) if row.result else None,
        message=row.message or "",
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _values(task: Task) -> dict[str, Any]:
    return checked(tasks, "the task", {name: getattr(task, name) for name in _COLUMNS} | {"owner": task.owner or ""})


def _said(task: Task) -> dict[str, Any]:
    result = None if task.result is None else records.to_json(task.result)
    said = {"input": records.to_json(task.input), "result": result, "message": task.message}
    return checked(task_info, "the task", said)


def _missing(task_id: str) -> NotFound:
    return NotFound(f"No task found with ID {task_id}")
