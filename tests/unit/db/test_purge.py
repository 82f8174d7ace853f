"""What was deleted long ago goes for good, but for the ids of images (FEATURES 8.4-05, 8.4-06)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from glancepipe.contract import ABSENT, Change, ChangeSet, Image, Location
from glancepipe.contract.errors import Duplicate
from glancepipe.db import models
from glancepipe.db import purge as module
from glancepipe.db.database import now
from glancepipe.db.purge import purge
from glancepipe.db.stats import stats


def purged(world, days=30):
    return dict(purge(world.database, now() - timedelta(days=days)))


def count(world, table):
    return world.database.read(lambda connection: connection.scalar(select(func.count()).select_from(table)))


def age(world, days=31):
    """Move every deletion into the past."""
    for table in (models.images, *module.CHILDREN):
        old = update(table).where(table.c.deleted).values(deleted_at=now() - timedelta(days=days))
        world.database.write(lambda connection, old=old: connection.execute(old))


def full_image(world, **values):
    image = world.image(
        properties={"a": "1"}, tags=frozenset({"t"}), locations=(Location("file:///x"),), visibility="shared", size=5, **values
    )
    world.members.add(world.call(), image, "friend")
    return image


def delete(world, image, status="deleted"):
    world.repo.remove(world.call(), world.repo.get(world.call(), image.id), ChangeSet.of(image, status=status))


def test_of_a_deleted_image_only_its_id_stays(world):
    image, kept = full_image(world), full_image(world)
    delete(world, image)
    age(world)
    assert purged(world) == {
        "image_properties": 1,
        "image_tags": 1,
        "image_locations": 1,
        "image_members": 1,
        "images": 1,
    }
    assert [count(world, table) for table in (models.images, *module.CHILDREN)] == [1] * 5
    assert world.repo.get(world.call(), kept.id).tags == {"t"}
    with pytest.raises(Duplicate, match="already exists"):
        world.repo.add(world.call(), Image(image.id))


def test_what_was_deleted_lately_stays(world):
    delete(world, full_image(world))
    age(world, days=29)
    assert purged(world) == {}
    assert list(purged(world, days=28)) == ["image_properties", "image_tags", "image_locations", "image_members", "images"]


def test_what_was_removed_from_a_living_image_goes_too(world):
    image = full_image(world)
    world.repo.save(world.call(), image, ChangeSet({"tags": Change(image.tags, frozenset())}, {"a": Change("1", ABSENT)}))
    world.members.remove(world.call(), image, world.members.get(world.call(), image, "friend"))
    age(world)
    assert purged(world) == {"image_properties": 1, "image_tags": 1, "image_members": 1}
    world.repo.save(world.call(), image, ChangeSet({}, {"a": Change(ABSENT, "2")}))
    assert world.repo.get(world.call(), image.id).properties == {"a": "2"}


def test_images_whose_data_waits_to_be_erased_stay_whole(world):
    """FEATURES 2.3-14, 2.3-16."""
    image = full_image(world)
    delete(world, image, status="pending_delete")
    age(world)
    assert purged(world) == {}
    (waiting,) = world.repo.pending(world.call(), now())
    assert [location.url for location in waiting.locations] == ["file:///x"]


def test_batches(world, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 2)
    for _ in range(5):
        delete(world, world.image())
    age(world)
    assert list(purge(world.database, now())) == [("images", 2), ("images", 2), ("images", 1)]
    assert count(world, models.tombstones) == 5


def test_tasks_go_with_what_they_say(world):
    old, young = now() - timedelta(days=40), now()
    for task_id, at in (("old", old), ("young", young)):
        row = {"id": task_id, "type": "import", "status": "success", "owner": "p1", "created_at": at, "deleted": True, "deleted_at": at}
        world.database.write(lambda connection, row=row: connection.execute(models.tasks.insert(), row))
        world.database.write(lambda connection, row=row: connection.execute(models.task_info.insert(), {"task_id": row["id"]}))
    assert purged(world) == {"tasks": 1}
    assert world.sql("select task_id from task_info") == [("young",)]


def test_the_counts(world):
    image = full_image(world)
    delete(world, full_image(world))
    world.usage.reserve(world.call(), "p1", 7, 100)
    age(world)
    purged(world)
    delete(world, world.image())
    counts = {what: (number, size) for what, number, size in world.database.read(lambda connection: list(stats(connection)))}
    assert counts == {
        "images queued": (1, 5),
        "deleted images deleted": (1, 0),
        "locations": (1, 5),
        "properties": (1, None),
        "deleted properties": (0, None),
        "tags": (1, None),
        "deleted tags": (0, None),
        "members": (1, None),
        "deleted members": (0, None),
        "reservations": (1, 7),
        "workers": (1, None),
        "purged images": (1, None),
    }
    assert world.repo.get(world.call(), image.id).size == 5
