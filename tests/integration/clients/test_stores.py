"""Where an image's bytes are, by the real clients (CLIENTS.md: stores)."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytestmark = pytest.mark.integration

DATA = b"what an image holds\n" * 1000


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def web(tmp_path):
    """A web server that has the data of an image."""
    (tmp_path / "image.raw").write_bytes(DATA)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_stores_in_detail(clients, embedded):
    stores = clients.openstack_json(embedded, "image", "stores", "list", "--detail")
    assert [(store["ID"], store["Default"]) for store in stores] == [("disk", True), ("spare", None)]
    assert str(embedded.store) in str(stores[0])
    assert '"type": "file"' in clients.glance(embedded, "stores-info", "--detail")


def test_copies_are_deleted_but_the_last(clients, serving, web):
    options = {"enabled_backends": "disk:file, web:http", "show_multiple_locations": "true"}
    vetted = {"import_filtering_opts": {"allowed_hosts": "[127.0.0.1]", "allowed_ports": f"[{web}]"}}
    with serving("embedded", groups=vetted, **options) as service:
        image_id = service.create()
        assert service.upload(image_id, DATA).status == 204
        url = f"http://127.0.0.1:{web}/image.raw"
        clients.glance(service, "location-add", image_id, "--url", url, "--metadata", '{"store": "web"}')
        assert sorted(service.show(image_id)["stores"].split(",")) == ["disk", "web"]
        clients.openstack(service, "image", "delete", "--store", "disk", image_id)
        assert (service.left(), service.show(image_id)["stores"]) == ([], "web")
        assert "403" in clients.glance(service, "stores-delete", "--store", "web", image_id, fails=True)
        assert hashlib.sha512(service.download(image_id).body).hexdigest() == service.show(image_id)["os_hash_value"]
