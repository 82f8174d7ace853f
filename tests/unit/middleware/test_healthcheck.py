"""What a load balancer and an operator learn (FEATURES 1.3-41)."""

from types import SimpleNamespace

import pytest
from webob import Request, Response

from glancepipe.config import load
from glancepipe.contract import Finding
from glancepipe.middleware.healthcheck import make


@pytest.fixture
def service():
    service = SimpleNamespace(conf=load([]), findings=[])
    service.check = lambda: service.findings
    return service


@pytest.fixture
def app(service):
    return make(Response(text="inner"), service)


def get(app, path="/healthcheck", **headers):
    return Request.blank(path, headers=headers).get_response(app)


def test_healthy(app):
    response = get(app)
    assert (response.status_int, response.content_type, response.text) == (200, "text/plain", "OK")
    assert get(app, "/healthcheck?detailed").json == {"detailed": True, "reasons": [{"reason": "OK", "down": False}]}


def test_what_is_not_down_is_told_in_detail_only(app, service):
    service.findings = [Finding("The policy file is broken; the last good rules apply.")]
    assert (get(app).status_int, get(app).text) == (200, "OK")
    response = get(app, Accept="application/json")
    assert response.status_int == 200
    assert response.json["reasons"] == [{"reason": "The policy file is broken; the last good rules apply.", "down": False}]


def test_down(app, service):
    service.findings = [Finding("minor"), Finding("The database can't be reached.", down=True)]
    response = get(app)
    assert (response.status_int, response.text) == (503, "The database can't be reached.")
    assert get(app, "/healthcheck?detailed").status_int == 503


def test_taken_out_of_service_by_a_file(app, service, tmp_path):
    service.conf.set_override("disable_by_file_path", str(tmp_path / "off"), group="healthcheck")
    assert get(app).status_int == 200
    (tmp_path / "off").touch()
    assert (get(app).status_int, get(app).text) == (503, "DISABLED BY FILE")


def test_other_paths_and_methods(app):
    assert get(app, "/healthcheck/x").text == "inner"
    assert Request.blank("/healthcheck", method="HEAD").get_response(app).status_int == 200
    response = Request.blank("/healthcheck", method="POST").get_response(app)
    assert (response.status_int, response.headers["Allow"]) == (405, "GET, HEAD")
