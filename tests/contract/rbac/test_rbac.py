"""Who may do what, held against what Glance 33 answers with its defaults, the new ones and the former (FEATURES 7, 6.1)."""

import csv
import importlib.util
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from glancepipe.api.routes import ROUTES
from glancepipe.config.loading import load
from glancepipe.service import make_application

HERE = Path(__file__).parent
spec = importlib.util.spec_from_file_location("rbac_matrix", HERE / "matrix.py")
matrix = importlib.util.module_from_spec(spec)
spec.loader.exec_module(matrix)
spec = importlib.util.spec_from_file_location("rbac_record", HERE / "record.py")
recording = importlib.util.module_from_spec(spec)
spec.loader.exec_module(recording)

CONF = """
[DEFAULT]
state_path = HOME
enabled_backends = one:memory, two:memory
show_multiple_locations = true
[glance_store]
default_backend = one
[api]
auth_strategy = headers
[oslo_policy]
enforce_new_defaults = NEW
"""
LOCATION = "modify_image add location"
MODES = tuple(recording.MODES)
SERVED = [name for name in matrix.OPERATIONS if name.split()[0] in {route.operation for route in ROUTES}]
STRANGERS = ("none", "reader", "member", "service")


class Difference(NamedTuple):
    """Where another answer than Glance's is given on purpose."""

    reason: str
    defaults: str
    operation: str
    visibilities: tuple[str, ...]
    relations: tuple[str, ...]
    roles: tuple[str, ...]
    glance: str
    here: str

    def about(self, mode, row, role):
        same = (self.defaults, self.operation) == (mode, row.operation)
        return same and row.kind.visibility in self.visibilities and row.kind.relation in self.relations and role in self.roles


OWNERLESS = "An ownerless image is nobody's but the administrators': others are told nothing of its members."
EARLY = "Who may not change an image is told so, whatever the location is like."
DIFFERENCES = [
    Difference(OWNERLESS, "new", "list_members", ("shared",), ("ownerless",), ("reader", "member"), "200", "403"),
    Difference(OWNERLESS, "former", "delete_member", ("shared",), ("ownerless",), STRANGERS, "403", "404"),
    Difference(EARLY, "former", LOCATION, matrix.VISIBILITIES, ("member", "other", "ownerless"), STRANGERS, "passed", "403"),
]
"""One more: who may not even see an image is always told 404, where Glance looks at something else first and tells 403."""


def recorded():
    with (HERE / "glance33.tsv").open() as file:
        rows = csv.DictReader(file, delimiter="\t")
        return {(row["defaults"], row["operation"], row["visibility"], row["relation"]): row for row in rows}


GLANCE = recorded()


def expected(mode, row, role):
    """What is to be answered: what Glance answers, but for the differences."""
    glance = GLANCE[mode, row.operation, *row.kind][role]
    for difference in DIFFERENCES:
        if difference.about(mode, row, role) and glance == difference.glance:
            return difference.here
    return "404" if glance == "403" and hides(mode, row, role) else glance


def hides(mode, row, role):
    """Whether the caller may not even see the image."""
    sight = GLANCE.get((mode, "show_image", *row.kind))
    about_one = matrix.OPERATIONS[row.operation].kinds is matrix.IMAGES and not row.operation.startswith("list_images")
    return about_one and sight is not None and sight[role] == "404"


@pytest.fixture(scope="module", params=MODES)
def played(request, tmp_path_factory):
    """The defaults that are in force, and a service with them."""
    home = tmp_path_factory.mktemp("rbac")
    text = CONF.replace("HOME", str(home)).replace("NEW", recording.MODES[request.param])
    (home / "glancepipe.conf").write_text(text)
    service = make_application(load(config_files=[str(home / "glancepipe.conf")]))
    service.start()
    yield request.param, matrix.Playing(recording.sender(service))
    service.close()


@pytest.mark.parametrize("operation", SERVED)
def test_everybody_is_answered_as_by_glance(played, operation):
    mode, playing = played
    wrong = [
        f"{row.kind.visibility} {row.kind.relation}, {role}: {here} instead of {wanted}"
        for row in matrix.play(playing, operation)
        for role, here in zip(matrix.ROLES, row.answers, strict=True)
        if here != (wanted := expected(mode, row, role))
    ]
    assert not wrong, "\n".join([operation, *wrong])


def test_all_of_it_is_recorded():
    everything = {(mode, name, *kind) for mode in MODES for name, asked in matrix.OPERATIONS.items() for kind in asked.kinds}
    assert GLANCE.keys() == everything


@pytest.mark.integration
def test_glance_still_answers_so():
    """A sample: all of it takes minutes."""
    if "GLANCE_VENV" not in os.environ:
        pytest.skip("set GLANCE_VENV to an environment with Glance to ask it again")
    python = Path(os.environ["GLANCE_VENV"], "bin/python")
    words = ["new", "create_image", "show_image"]
    done = subprocess.run([python, HERE / "record.py", *words], capture_output=True, text=True, check=True)
    lines = set((HERE / "glance33.tsv").read_text().splitlines())
    assert len(done.stdout.splitlines()) == 25
    assert set(done.stdout.splitlines()) <= lines
