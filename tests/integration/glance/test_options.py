"""Option names, groups and defaults are Glance's own (FEATURES 8.1), as Glance itself lists them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from glancepipe.cli.known import Options
from glancepipe.cli.main import main
from glancepipe.config.glance.meanings import IMAGES, NO_GROUP, NO_MEANING, NOT_BUILT

pytestmark = pytest.mark.integration

GENERATED = ("glance.api", "keystonemiddleware.auth_token", "oslo.db", "oslo.log", "oslo.messaging", "oslo.policy")
IDENTITY = """[keystone_authtoken]
www_authenticate_uri = http://127.0.0.1:5000
auth_type = password
auth_url = http://127.0.0.1:5000
username = glance
password = p
project_name = service
user_domain_name = Default
project_domain_name = Default
"""
"""What the sample has no value for, and no service starts without."""
DIFFERENT = {("glance_store", "filesystem_store_datadir"): IMAGES}
"""Defaults of Glance that are not ours; what a Glance relies on ``config from-glance`` writes down."""


@pytest.fixture(scope="session")
def theirs(glance_bin: Path) -> dict[tuple[str, str], Any]:
    """Glance's own options, and those of the stores that exist here too."""
    words = [glance_bin / "python", "-W", "ignore", Path(__file__).with_name("list_options.py"), "glance.api", "glance.store"]
    listed = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    assert len(listed) > 100
    return {(option["group"], option["name"]): option for option in listed}


@pytest.fixture(scope="session")
def ours() -> Options:
    return Options({"glance_store": "file"})


def test_what_is_built_has_glances_names_and_defaults(theirs: dict[tuple[str, str], Any], ours: Options) -> None:
    built = {place: (option, known) for place, option in theirs.items() if (known := ours(*place, {})) is not None}
    assert len(built) > 30
    for place, (option, known) in built.items():
        default = DIFFERENT.get(place, known.default)
        assert json.loads(json.dumps(default)) == option["default"], place
        assert bool(known.secret) == option["secret"], place


def test_every_option_of_glance_has_a_verdict(theirs: dict[tuple[str, str], Any], ours: Options) -> None:
    """None of its API's own is told to be unknown."""
    unknown = [
        (group, name)
        for (group, name), option in theirs.items()
        if option["namespace"] == "glance.api"
        and ours(group, name, {}) is None
        and (group, name) not in {*NO_MEANING, ("paste_deploy", "flavor")}
        and group not in {*NO_GROUP, *NOT_BUILT}
        and name not in NOT_BUILT
    ]
    assert unknown == []


def test_glances_own_sample_is_understood(glance_bin: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every option that it has a value for, written down: nothing is unknown, and the result passes the check."""
    words = [glance_bin / "oslo-config-generator", *(f"--namespace={namespace}" for namespace in GENERATED)]
    sample = subprocess.run(words, capture_output=True, text=True, check=True, env={"PYTHONWARNINGS": "ignore"}).stdout
    lines = [
        line.removeprefix("#") if line.startswith("#") and line[1:2].isalpha() and " = " in line else line for line in sample.splitlines()
    ]
    text = "\n".join(line for line in lines if "<None>" not in line and not line.startswith("#"))
    assert text.count(" = ") > 150
    text = text.replace("[keystone_authtoken]\n", IDENTITY).replace(IMAGES, str(tmp_path / "images"))
    (tmp_path / "glance-api.conf").write_text(text)
    target = tmp_path / "glancepipe.conf"
    assert main(["config", "from-glance", str(tmp_path / "glance-api.conf"), "--output", str(target)]) == 0
    told = capsys.readouterr().out
    assert [line for line in told.splitlines() if line.startswith("unknown")] == []
    done = subprocess.run(
        [Path(sys.executable).parent / "glancepipe", "pipeline", "check", "--config-file", target], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
