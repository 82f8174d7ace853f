"""A Glance's configuration and database, and nothing else: glancepipe serves its images (issue 4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from glancepipe.cli.main import main

pytestmark = pytest.mark.integration

IMPORT_CONF = "[import_filtering_opts]\nallowed_hosts = [127.0.0.1]\nallowed_ports = [80,443,9980]\n"
FORMATS = {"disk_format": "raw", "container_format": "bare"}


def glance_conf(home: Path, url: str) -> str:
    """As an operator has it who runs stores on disk and no Keystone."""
    return f"""
[DEFAULT]
enabled_backends = fast:file,slow:file
enabled_import_methods = [glance-direct,web-download,copy-image]
worker_self_reference_url = http://127.0.0.1:9292
image_cache_dir = {home}/cache
node_staging_uri = file://{home}/staging
image_size_cap = 1048576
bind_host = 0.0.0.0
[database]
connection = {url}
[glance_store]
default_backend = fast
[fast]
filesystem_store_datadir = {home}/fast
weight = 200
[slow]
filesystem_store_datadir = {home}/slow
weight = 100
[os_glance_staging_store]
filesystem_store_datadir = {home}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {home}/tasks
[task]
work_dir = {home}/work
[oslo_concurrency]
lock_path = {home}/lock
[paste_deploy]
config_file = {home}/paste.ini
[oslo_messaging_notifications]
driver = noop
transport_url = rabbit://guest:hidden@127.0.0.1:5672/
"""


@pytest.fixture
def home(home: Any) -> Any:
    """Where everybody is an administrator."""
    home.glance_conf.write_text(glance_conf(home.directory, home.url))
    paste = (home.directory / "paste.ini").read_text().replace("versionnegotiation context", "versionnegotiation unauthenticated-context")
    filter_ = (
        "[filter:unauthenticated-context]\npaste.filter_factory = glance.api.middleware.context:UnauthenticatedContextMiddleware.factory\n"
    )
    (home.directory / "paste.ini").write_text(paste + filter_)
    (home.directory / "glance-image-import.conf").write_text(IMPORT_CONF)
    # Without it, who has no role may do nothing in Glance either.
    (home.directory / "policy.yaml").write_text('"context_is_admin": "@"\n')
    home.own_conf.unlink()
    return home


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_one_command_and_one_restart(home: Any, serve: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.sync()
    with home.glance() as glance:
        anybody = glance.as_("ignored")
        image_id = anybody.do("POST", "/v2/images", {"name": "theirs", **FORMATS, "p": "v", "tags": ["t"]})["id"]
        anybody.do("PUT", f"/v2/images/{image_id}/file", data=b"theirs")
        theirs = anybody.do("GET", f"/v2/images/{image_id}")
    adopt = ["config", "from-glance", str(home.glance_conf), str(home.directory / "paste.ini"), "--output", str(home.own_conf)]
    assert main(adopt) == 0
    told = capsys.readouterr().out
    assert "unknown" not in told
    assert "hidden" not in told
    home.own("db", "upgrade")
    (tmp_path / "service").mkdir()
    with serve(tmp_path / "service", conf=home.own_conf) as running:
        assert running.get(f"/v2/images/{image_id}").body == theirs
        assert running.get(f"/v2/images/{image_id}/file").body == b"theirs"
        assert [image["id"] for image in running.get("/v2/images").body["images"]] == [image_id]
        ours = running.create(name="ours")
        assert running.ask("PUT", f"/v2/images/{ours}/file", b"ours", Content_Type="application/octet-stream").status == 204
    with home.glance() as glance:
        assert glance.as_("ignored").do("GET", f"/v2/images/{ours}/file").body == b"ours"
