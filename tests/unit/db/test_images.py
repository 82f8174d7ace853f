"""Image records: what is stored, what is kept from each other, what is refused."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from glancepipe.contract import ABSENT, Change, ChangeSet, Image, Intent, Location
from glancepipe.contract.errors import Conflict, Duplicate, ImageNotFound, Invalid, StatusChanged

FILE = Location("file:///images/one", {"store": "fast"})


def changing(image, **new):
    return ChangeSet.of(image, **new)


def setting(**properties):
    return ChangeSet(properties={name: Change(ABSENT, value) for name, value in properties.items()})


def test_a_new_image_is_read_as_it_was_added(world):
    """12-19: tags, properties and locations are stored with the row."""
    image = Image(
        str(uuid.uuid4()),
        name="näme",
        status="active",
        visibility="community",
        protected=True,
        os_hidden=True,
        owner="p1",
        disk_format="qcow2",
        container_format="bare",
        min_disk=3,
        min_ram=2**31 - 1,
        size=2**40,
        virtual_size=2**41,
        checksum="c" * 32,
        os_hash_algo="sha512",
        os_hash_value="f" * 128,
        properties={"a": "1", 'quote"s': "\\back\nslash\t\x01", "empty": ""},
        tags=frozenset({"x", "ü"}),
        locations=(FILE, Location("file:///images/two")),
    )
    added = world.repo.add(world.call(), image)
    assert world.repo.get(world.call(), image.id) == added
    assert [location.id for location in added.locations] == sorted(location.id for location in added.locations)
    assert added.created_at == added.updated_at
    forms = {"created_at": None, "updated_at": None, "locations": ()}
    assert replace(added, **forms) == replace(image, **forms)
    assert [(location.url, location.metadata) for location in added.locations] == [(FILE.url, FILE.metadata), ("file:///images/two", {})]


def test_an_id_is_taken_for_ever(world):
    """1.4-03, 9-16: an id can't be used twice, a deleted image's neither."""
    image = world.image()
    with pytest.raises(Duplicate):
        world.repo.add(world.call(), Image(image.id))
    world.repo.remove(world.call(), image, changing(image, status="deleted"))
    with pytest.raises(Duplicate):
        world.repo.add(world.call(), Image(image.id))


def test_an_image_that_cannot_be_added_leaves_nothing(world):
    """12-19: all of it or nothing."""
    image = Image(str(uuid.uuid4()), properties={"good": "1"}, tags=frozenset({"t" * 256}))
    with pytest.raises(Invalid):
        world.repo.add(world.call(), image)
    assert world.sql("SELECT id FROM images") == []
    assert world.sql("SELECT id FROM image_properties") == []


@pytest.mark.parametrize(
    "values",
    [
        {"name": "n" * 256},
        {"name": "nul\0"},
        {"name": "half \ud800"},
        {"name": 5},
        {"owner": "o" * 256},
        {"disk_format": "f" * 21},
        {"visibility": "secret"},
        {"status": None},
        {"min_disk": 2**31},
        {"min_ram": "1"},
        {"size": 2**63},
        {"protected": "yes"},
        {"properties": {"p" * 256: "1"}},
        {"properties": {"p": "nul\0"}},
        {"properties": {"half \udfff": "1"}},
        {"properties": {"p": 1}},
        {"tags": frozenset({"nul\0"})},
        {"tags": frozenset({"t" * 256})},
        {"locations": (Location("file:///nul\0"),)},
        {"locations": (Location("file:///x", {"a": object()}),)},
    ],
)
def test_what_a_column_cannot_hold_is_invalid(world, values):
    """1.2-14, 1.5-09: 400 on every database, never an error of the database's own; the same for a change."""
    with pytest.raises(Invalid):
        world.image(**values)
    image = world.image()
    properties = {name: Change(ABSENT, value) for name, value in values.get("properties", {}).items()}
    changes = ChangeSet({name: Change(getattr(image, name), value) for name, value in values.items() if not properties}, properties)
    with pytest.raises(Invalid):
        world.repo.save(world.call(), image, changes)
    assert world.repo.get(world.call(), image.id) == image


def test_characters_beyond_the_basic_plane(world):
    """1.2-14: accepted where the database can store them."""
    image = world.image(name="😀", properties={"😀": "🎉"}, tags=frozenset({"🏷"}))
    assert (image.name, image.properties, image.tags) == ("😀", {"😀": "🎉"}, {"🏷"})


def test_characters_beyond_the_basic_plane_in_a_database_of_the_past(world):
    """1.2-14: Glance makes its tables in utf8mb3 on MySQL, which has no room for them: 400."""
    if world.database.engine.dialect.name != "mysql":
        pytest.skip("only MySQL has such a thing")
    world.sql("ALTER TABLE images MODIFY name VARCHAR(255) CHARACTER SET utf8mb3")
    try:
        with pytest.raises(Invalid):
            world.image(name="😀")
    finally:
        world.sql("ALTER TABLE images MODIFY name VARCHAR(255) CHARACTER SET utf8mb4")


@pytest.mark.parametrize("image_id", ["0" * 36, "", "nul\0", "\ud800", "x" * 5000, "é"])
def test_there_is_no_such_image(world, image_id):
    with pytest.raises(ImageNotFound):
        world.repo.get(world.call(), image_id)


def test_a_deleted_image_is_not_found(world):
    """6.6-08: the repository hides deleted rows."""
    image = world.image()
    world.repo.remove(world.call(), image, changing(image, status="deleted"))
    for verb in (
        lambda: world.repo.get(world.call(), image.id),
        lambda: world.repo.save(world.call(), image, changing(image, name="x")),
        lambda: world.repo.save(world.call(), image, ChangeSet(settles=())),
        lambda: world.repo.claim(world.call(), image, "task"),
    ):
        with pytest.raises(ImageNotFound):
            verb()


def test_null_properties_of_glance_are_empty(world):
    """2.2-01."""
    image = world.image(properties={"p": "1"})
    world.sql("UPDATE image_properties SET value = NULL")
    assert world.repo.get(world.call(), image.id).properties == {"p": ""}


def test_only_active_locations_are_shown(world):
    """2.2-08: placeholders of a parallel import are Glance's own business."""
    image = world.image(locations=(FILE, Location("pending://parallel-import/x")))
    world.sql("UPDATE image_locations SET status = 'pending' WHERE value LIKE 'pending:%'")
    assert [location.url for location in world.repo.get(world.call(), image.id).locations] == [FILE.url]


def test_glances_metadata_that_is_no_object_does_no_harm(world):
    image = world.image(locations=(FILE, FILE, FILE))
    for location, text in zip(image.locations, ("null", "[]", None), strict=True):
        world.sql("UPDATE image_locations SET meta_data = :text WHERE id = :id", text=text, id=location.id)
    assert [location.metadata for location in world.repo.get(world.call(), image.id).locations] == [{}, {}, {}]


def test_membership_is_the_callers(world):
    """4.1: the record says how the calling project shares the image."""
    image = world.image(visibility="shared")
    member = world.members.add(world.call(), image, "p2")
    world.members.save(world.call(), image, member, "rejected")
    seen = {project: world.repo.get(world.call(project), image.id).membership for project in ("p1", "p2", None)}
    assert seen == {"p1": None, "p2": "rejected", None: None}
    world.members.remove(world.call(), image, member)
    assert world.repo.get(world.call("p2"), image.id).membership is None


def test_save_writes_what_was_touched_and_nothing_else(world):
    """12-08: what another writer stored meanwhile stays."""
    image = world.image(name="old", properties={"mine": "1", "other": "1"})
    world.repo.save(world.call(), image, ChangeSet({"min_disk": Change(0, 7)}, {"other": Change("1", "2")}))
    saved = world.repo.save(world.call(), image, ChangeSet({"name": Change("old", "new")}, {"mine": Change("1", "2")}))
    assert (saved.name, saved.min_disk, saved.properties) == ("new", 7, {"mine": "2", "other": "2"})
    assert saved == world.repo.get(world.call(), image.id)
    assert saved.updated_at >= image.updated_at
    assert saved.created_at == image.created_at


def test_a_touched_field_counts_even_if_it_stays_the_same(world):
    """2.1-16: ``updated_at`` changes on every save."""
    image = world.image()
    world.sql("UPDATE images SET updated_at = '2001-01-01 00:00:00.000000'")
    assert world.repo.save(world.call(), image, changing(image, name=image.name)).updated_at.year > 2001


def test_the_journal_alone_does_not_touch_the_image(world):
    image = world.image()
    world.sql("UPDATE images SET updated_at = '2001-01-01 00:00:00.000000'")
    saved = world.repo.save(world.call(), image, ChangeSet().beginning(Intent("i1", "test", image.id)))
    assert saved.updated_at.year == 2001
    saved = world.repo.save(world.call(), image, ChangeSet().settling("i1"))
    assert saved.updated_at.year == 2001
    assert world.sql("SELECT id FROM glancepipe_journal") == []


def test_a_removed_property_comes_back_in_its_row(world):
    """6.6-06, 9-02: (image, name) is unique whether deleted or not."""
    image = world.image(properties={"p": "1", "q": "1"})
    image = world.repo.save(world.call(), image, ChangeSet(properties={"p": Change("1", ABSENT)}))
    assert image.properties == {"q": "1"}
    assert [tuple(row) for row in world.sql("SELECT deleted, deleted_at IS NULL FROM image_properties WHERE name = 'p'")] == [(1, 0)]
    image = world.repo.save(world.call(), image, setting(p="2"))
    assert image.properties == {"p": "2", "q": "1"}
    assert [tuple(row) for row in world.sql("SELECT deleted, deleted_at IS NULL FROM image_properties WHERE name = 'p'")] == [(0, 1)]


def test_removing_what_is_not_there_is_no_error(world):
    image = world.image(tags=frozenset({"t"}))
    changes = ChangeSet({"tags": Change({"gone", "t"}, {"t"})}, {"gone": Change("1", ABSENT)})
    assert world.repo.save(world.call(), image, changes).tags == {"t"}


def test_tags_are_changed_by_difference(world):
    """12-08: of two callers who add a tag each, both succeed, and no tag is there twice."""
    image = world.image(tags=frozenset({"a", "b"}))
    for added in ("c", "d", "c"):
        world.repo.save(world.call(), image, changing(image, tags=image.tags | {added}))
    stored = world.repo.save(world.call(), image, changing(image, tags=image.tags - {"a"}))
    assert stored.tags == {"b", "c", "d"}
    assert len(world.sql("SELECT id FROM image_tags WHERE value = 'c'")) == 1
    assert world.repo.save(world.call(), image, changing(image, tags=frozenset({"a", "b"}))).tags == {"b", "c", "d"}


def test_locations_are_changed_by_difference(world):
    """6.6-04: new ones have no id; what another writer added stays; metadata may change."""
    image = world.image(locations=(FILE, Location("file:///two")))
    one, two = image.locations
    world.repo.save(world.call(), image, changing(image, locations=(*image.locations, Location("file:///three"))))
    new = (replace(two, metadata={"store": "slow"}), Location("file:///four"))
    saved = world.repo.save(world.call(), image, changing(image, locations=new))
    assert [(location.url, location.metadata) for location in saved.locations] == [
        ("file:///two", {"store": "slow"}),
        ("file:///three", {}),
        ("file:///four", {}),
    ]
    assert saved.locations[0].id == two.id
    assert [tuple(row) for row in world.sql("SELECT deleted, status FROM image_locations WHERE id = :id", id=one.id)] == [(1, "deleted")]


def test_status_is_a_compare_and_swap(world):
    """1.6-05, 6.6-02."""
    image = world.image()
    saving = world.repo.save(world.call(), image, changing(image, status="saving"))
    assert saving.status == "saving"
    with pytest.raises(StatusChanged, match="saving"):
        world.repo.save(world.call(), image, changing(image, status="saving", name="loser"))
    assert world.repo.get(world.call(), image.id) == saving


@pytest.mark.parametrize("name", ["id", "created_at", "updated_at", "deleted", "deleted_at", "membership", "properties", "nonsense"])
def test_what_is_not_a_callers_to_change(world, name):
    image = world.image()
    with pytest.raises(Invalid, match=name):
        world.repo.save(world.call(), image, ChangeSet({name: Change(None, None)}))


def test_remove_deletes_softly_with_all_that_hangs_on_it(world):
    """6.6-05, 9-16; the answer is what the notification says (6.3-03)."""
    image = world.image(properties={"p": "1"}, tags=frozenset({"t"}), locations=(FILE,), visibility="shared")
    world.members.add(world.call(), image, "p2")
    removed = world.repo.remove(world.call(), image, changing(image, status="deleted"))
    assert (removed.deleted, removed.status) == (True, "deleted")
    assert removed.deleted_at == removed.updated_at >= image.created_at
    assert (removed.properties, removed.tags, removed.locations) == (image.properties, image.tags, image.locations)
    for table in ("images", "image_properties", "image_tags", "image_locations", "image_members"):
        rows = world.sql(f"SELECT deleted, deleted_at FROM {table}")
        assert len(rows) == 1, table
        assert rows[0].deleted, table
        assert rows[0].deleted_at, table
    assert world.sql("SELECT status FROM image_locations")[0].status == "deleted"


def test_the_second_remover_finds_nothing(world):
    image = world.image()
    world.repo.remove(world.call(), image, changing(image, status="deleted"))
    with pytest.raises(ImageNotFound):
        world.repo.remove(world.call(), image, changing(image, status="deleted"))


def test_remove_does_not_mind_another_status(world):
    """An administrator deactivates while the owner deletes: its bytes are gone already, so the record has to go."""
    image = world.image(status="active", locations=(FILE,))
    world.repo.save(world.call(), image, changing(image, status="deactivated"))
    assert world.repo.remove(world.call(), image, changing(image, status="deleted")).deleted


def test_remove_minds_data_that_arrived_meanwhile(world):
    """12-09: nobody would erase bytes that the remover has not seen."""
    image = world.image(status="saving")
    active = world.repo.save(world.call(), image, changing(image, status="active", locations=(FILE,)))
    with pytest.raises(StatusChanged):
        world.repo.remove(world.call(), image, changing(image, status="deleted"))
    assert world.repo.get(world.call(), image.id) == active
    assert world.repo.remove(world.call(), active, changing(active, status="deleted")).locations == active.locations


def test_a_claim_has_one_winner(world):
    """4.5-08: the lock is a property; a lock that was given back can be taken again."""
    image = world.image()
    claimed = world.repo.claim(world.call(), image, "task-1")
    assert claimed.properties == {"os_glance_import_task": "task-1"}
    with pytest.raises(Conflict):
        world.repo.claim(world.call(), image, "task-2")
    world.repo.save(world.call(), claimed, ChangeSet(properties={"os_glance_import_task": Change("task-1", ABSENT)}))
    assert world.repo.claim(world.call(), image, "task-3").properties == {"os_glance_import_task": "task-3"}


def test_journal_entries_share_the_transaction(world):
    """12-09: neither an entry without its change nor a change without its entry."""
    image = world.image()
    begun = changing(image, status="saving").beginning(Intent("w1", "location.write", image.id, {"store": "fast"}))
    image = world.repo.save(world.call(), image, begun)
    assert [row.id for row in world.sql("SELECT id FROM glancepipe_journal")] == ["w1"]
    stale = changing(replace(image, status="queued"), status="active").settling("w1").beginning(Intent("w2", "k", image.id))
    with pytest.raises(StatusChanged):
        world.repo.save(world.call(), image, stale)
    assert [row.id for row in world.sql("SELECT id FROM glancepipe_journal")] == ["w1"]
    world.repo.save(world.call(), image, changing(image, status="active").settling("w1"))
    assert world.sql("SELECT id FROM glancepipe_journal") == []


def test_remove_settles_its_entry(world):
    image = world.image(locations=(FILE,))
    world.journal.begin(world.call(), Intent("e1", "location.erase", image.id))
    world.repo.remove(world.call(), image, changing(image, status="deleted").settling("e1"))
    assert world.sql("SELECT id FROM glancepipe_journal") == []


def test_a_change_cannot_conclude_what_another_worker_has_adopted(world, start):
    """12-09: the bytes that the entry protected may have been erased already."""
    image = world.image()
    begun = changing(image, status="saving").beginning(Intent("w1", "location.write", image.id))
    image = world.repo.save(world.call(), image, begun)
    world.sql("DELETE FROM glancepipe_workers WHERE id = :id", id=world.layer.workers.id)
    other = start()
    assert [intent.id for intent in other.journal.adopt(other.call(), "location.write")] == ["w1"]
    with pytest.raises(StatusChanged):
        world.repo.save(world.call(), image, changing(image, status="active").settling("w1"))
    assert world.repo.get(world.call(), image.id).status == "saving"
