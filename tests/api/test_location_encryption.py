"""Images whose locations the database keeps encrypted (FEATURES 2.2-04)."""

from pathlib import Path

import pytest
from sqlalchemy import select

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
