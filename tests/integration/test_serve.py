"""``glancepipe serve`` as an operator meets it."""

import http.client
import signal
import socket
import subprocess
import sys
import uuid
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

MIB = 1 << 20


def test_tells_what_it_serves_in_a_few_lines(service):
    with service() as running:
        first, pipeline, stores, serving, *_ = running.output.splitlines()
        assert first.startswith("glancepipe ")
        assert pipeline.split(": ")[1].strip() == "auth > notifier > policy > quota > location > domain > db"
        assert stores.split(":")[1].strip() == "file, http"
        assert f"http://127.0.0.1:{running.port} (1 workers, 32 threads each)" in serving


def test_an_image_from_create_to_delete_on_the_embedded_default(service):
    with service() as running:
        image = running.create(name="first")
        path = f"/v2/images/{image}"
        assert running.ask("PUT", f"{path}/file", b"x" * MIB, Content_Type="application/octet-stream").status == 204
        assert running.get(path).body["status"] == "active"
        assert running.get(f"{path}/file").body == b"x" * MIB
        assert running.ask("DELETE", path).status == 204
        assert running.get(path).status == 404


def test_state_outlives_the_process(service, wait_until):
    with service() as running:
        image = running.create(name="kept")
        assert running.stop() == 0
        running.start()
        wait_until(running.listens, "the service answers again")
        assert running.get(f"/v2/images/{image}").body["name"] == "kept"


def test_headers_of_a_trusted_proxy(service):
    """FEATURES 1.2-13."""
    alice = {"X_Identity_Status": "Confirmed", "X_User_Id": "alice", "X_Project_Id": "demo", "X_Roles": "member,reader"}
    with service(api={"auth_strategy": "headers"}) as running:
        refused = running.get("/v2/images")
        assert refused.status == 401
        assert refused.headers["x-openstack-request-id"].startswith("req-")
        assert running.get("/v2/images", **alice).status == 200
        assert running.get("/").status == 300
        assert running.get("/healthcheck").body == b"OK"


def test_identity_headers_mean_nothing_otherwise(service):
    with service() as running:
        lie = {"X_Identity_Status": "Confirmed", "X_User_Id": "mallory", "X_Project_Id": "theirs", "X_Roles": "reader"}
        assert running.ask("POST", "/v2/images", b"{}", **lie).body["owner"] != "theirs"


def test_forwarded_scheme_is_not_believed_unasked(service):
    """gunicorn would believe any client on this machine; only http_proxy_to_wsgi decides (FEATURES 8.2-07)."""

    def href(running):
        return running.get("/versions", X_Forwarded_Proto="https").body["versions"][0]["links"][0]["href"]

    with service() as running:
        assert href(running).startswith("http://")
    with service(oslo_middleware={"enable_proxy_headers_parsing": "true"}) as running:
        assert href(running).startswith("https://")


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ({"pipeline": {"layers": "auth, domain, db, quotta"}}, "'quotta'"),
        ({"api": {"auth_strategy": "trust"}}, "auth_strategy"),
        ({"database": {"connection": "nonsense"}}, "connection"),
        ({"oslo_messaging_notifications": {"driver": "pigeon"}}, "pigeon"),
    ],
)
def test_a_mistake_stops_the_start_with_one_sentence(service, groups, sentence):
    with service(ready=False, **groups) as running:
        assert running.process.wait(30) == 1
        assert sentence in running.output
        assert "Traceback" not in running.output
        assert len(running.output.splitlines()) == 1


def test_sigterm_lets_running_requests_end(service, wait_until):
    with service(workers=2) as running:
        image = running.create(name="slow")
        upload = http.client.HTTPConnection("127.0.0.1", running.port, timeout=60)
        upload.putrequest("PUT", f"/v2/images/{image}/file")
        upload.putheader("Content-Type", "application/octet-stream")
        upload.putheader("Content-Length", str(2 * MIB))
        upload.endheaders()
        upload.send(b"a" * MIB)
        wait_until(lambda: running.get(f"/v2/images/{image}").body["status"] == "saving", "the upload has begun")
        running.signal(signal.SIGTERM)

        def refuses():
            try:
                socket.create_connection(("127.0.0.1", running.port), timeout=5).close()
            except ConnectionRefusedError:
                return True
            return False

        wait_until(refuses, "new connections are refused")
        upload.send(b"b" * MIB)
        assert upload.getresponse().status == 204
        upload.close()
        assert running.process.wait(30) == 0


@pytest.mark.parametrize(("size", "connection"), [(MIB, "keep-alive"), (12 * MIB, "close")])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_client_learns_that_its_connection_is_closed(service, size, connection, chunked):
    """What is left of a body would pass for the next request; a client that is not told would send one meanwhile."""
    body = (b"x" * 4096 for _ in range(size // 4096)) if chunked else b"x" * size
    headers = {"Content-Type": "application/octet-stream"}
    with service() as running, closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=30)) as client:
        with suppress(ConnectionError):
            client.request("PUT", f"/v2/images/{uuid.uuid4()}/file", body, headers, encode_chunked=chunked)
        answer = client.getresponse()
        assert (answer.status, answer.headers["Connection"]) == (404, connection)
        answer.read()
        client.request("GET", "/v2/images")
        assert client.getresponse().status == 200


def test_a_body_that_nobody_looked_at_closes_the_connection(service):
    with service(api={"auth_strategy": "headers"}) as running:
        assert running.ask("POST", "/v2/images", b"{}").headers["Connection"] == "close"
        assert running.get("/v2/images").headers["Connection"] == "keep-alive"


def test_stopping_leaves_no_process(service):
    with service(workers=2) as running:
        workers = psutil.Process(running.process.pid).children(recursive=True)
        assert len(workers) == 2
        assert running.stop() == 0
        assert psutil.wait_procs(workers, timeout=5)[1] == []


def test_port_in_use(service):
    with service() as running, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        words = [Path(sys.executable).parent / "glancepipe", "serve", f"--config-file={running.conf}", f"--bind={taken}"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode != 0
        assert taken.partition(":")[2] in done.stderr
        assert "Traceback" not in done.stderr
