"""``glancepipe openapi``."""

import json
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "api.md"


def test_description(run):
    done = run("openapi", conf="[DEFAULT]\npublic_endpoint = https://images.example\n[image_format]\ndisk_formats = raw")
    assert done.status == 0
    document = json.loads(done.out)
    assert document["servers"] == [{"url": "https://images.example"}]
    assert document["components"]["schemas"]["image"]["properties"]["disk_format"]["enum"] == [None, "raw"]


def test_a_configuration_that_cant_be_used(run):
    done = run("openapi", conf="[api]\nmax_patch_operations = many")
    assert done.status == 1
    assert "max_patch_operations" in done.err


def test_the_page_in_the_documentation_is_current(run):
    assert PAGE.read_text() == run("openapi", "--markdown").out, "run `make docs`"
