"""Images whose locations the database keeps encrypted (FEATURES 2.2-04)."""

from pathlib import Path

import pytest
from sqlalchemy import select

from glancepipe.contract import SERVICE, Call, Target
from glancepipe.db.models import image_locations
from glancepipe.pipeline.errors import PipelineError

pytestmark = pytest.mark.line

KEY = "metadata_encryption_key = 0123456789abcdef\n"
LINE = "[pipeline]\nlayers = auth, notifier, policy, quota, location, location-encryption, domain, db"


def test_only_the_service_can_read_where_the_data_is(make_service):
    client = make_service(KEY + "show_multiple_locations = true", LINE)
    image = client.active(b"data")
    (location,) = image["locations"]
    assert location["url"].startswith("file://")
    (db,) = [layer for layer in client.service.pipeline.layers if layer.name == "db"]
    (value,) = db.database.read(lambda connection: connection.execute(select(image_locations.c.value)).one())
    assert "file" not in value
    assert client("GET", f"/v2/images/{image['id']}/file").body == b"data"
    assert client("DELETE", f"/v2/images/{image['id']}").status == 204
    assert not [path for path in Path(client.service.conf.state_path, "images").iterdir() if path.is_file()]


def test_a_key_without_the_layer_is_refused(make_service):
    with pytest.raises(PipelineError, match="location-encryption"):
        make_service(KEY)


def test_locations_that_change_one_by_one(make_service):
    """What stays is not written anew, what goes is erased, with several stores too."""
    stores = "enabled_backends = fast:file, slow:file\nshow_multiple_locations = true\n"
    places = "".join(f"[{name}]\nfilesystem_store_datadir = HOME/{name}\n" for name in ("fast", "slow"))
    client = make_service(KEY + stores, f"[glance_store]\ndefault_backend = fast\n{places}{LINE}").as_("p1", "admin,member,reader")
    (location, db) = [layer for layer in client.service.pipeline.layers if layer.name in ("location", "db")]

    def stored():
        return db.database.read(lambda connection: connection.execute(select(image_locations.c.id, image_locations.c.value)).all())

    image = client.active(b"data")
    (first,) = stored()
    with Call("modify_image", SERVICE) as call:
        record = location.inner.repo.get(call, image["id"])
        changes = client.service.pipeline.nouns.image.add_copy(call, record, Target("slow"))
        client.service.pipeline.nouns.repo.save(call, record, changes)
    assert [place["metadata"]["store"] for place in client.show(image["id"])["locations"]] == ["fast", "slow"]
    assert stored()[0] == first
    assert not any("file" in value for _, value in stored())
    assert client.patch(image["id"], {"op": "remove", "path": "/locations/0"}).status == 200
    (left,) = client.show(image["id"])["locations"]
    assert left["metadata"]["store"] == "slow"
    assert client("GET", f"/v2/images/{image['id']}/file").body == b"data"
    assert list(Path(client.service.conf.state_path, "fast").iterdir()) == []
