"""What is in the wheel: everything that runs, and nothing else."""

import email
import shutil
import subprocess
import sys
import tomllib
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "glancepipe"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy, so that the checkout stays clean; without isolation, so that no network is needed."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("glancepipe", "plugins", "tests", "etc"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
    for name in ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", target, source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (built,) = target.iterdir()
    with zipfile.ZipFile(built) as archive:
        yield archive


def test_every_module_and_data_file_of_the_package(wheel):
    ours = {path.relative_to(ROOT).as_posix() for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    packed = {name for name in wheel.namelist() if name.startswith("glancepipe/")}
    assert packed == ours
    assert "glancepipe/py.typed" in packed
    assert any(name.startswith("glancepipe/db/migrations/versions/") for name in packed)


def test_nothing_else(wheel):
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert tops == {"glancepipe", "glancepipe-0.1.0.dist-info", "glancepipe-0.1.0.data"}


def test_configuration_file_lands_in_etc(wheel):
    assert "glancepipe-0.1.0.data/data/etc/glancepipe/glancepipe.conf" in wheel.namelist()


def test_metadata(wheel):
    metadata = email.message_from_bytes(wheel.read("glancepipe-0.1.0.dist-info/METADATA"))
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"postgresql", "mysql", "test", "lint"} <= set(metadata.get_all("Provides-Extra"))
    assert "glancepipe-0.1.0.dist-info/licenses/LICENSE" in wheel.namelist()


def test_every_entry_point_can_be_loaded(wheel):
    points = ConfigParser(delimiters="=", interpolation=None)
    points.optionxform = str
    points.read_string(wheel.read("glancepipe-0.1.0.dist-info/entry_points.txt").decode())
    values = [value for group in points.sections() for value in points[group].values()]
    assert len(values) > 20
    for value in values:
        module, _, attribute = value.partition(":")
        assert hasattr(__import__(module, fromlist=[attribute]), attribute), value


def test_every_import_is_a_dependency():
    """What is imported is declared, and is not there by another's grace; the kit for plugins has an extra of its own, as have caches."""
    requirements = ConfigParser()
    requirements.read(ROOT / "setup.cfg")
    extras = (requirements["options.extras_require"][extra] for extra in ("memcached", "redis"))
    declared = {line.partition(">")[0] for each in (requirements["options"]["install_requires"], *extras) for line in each.split()}
    modules = {
        line.split()[1].partition(".")[0]
        for path in PACKAGE.rglob("*.py")
        if PACKAGE / "testing" not in path.parents
        for line in map(str.strip, path.read_text().splitlines())
        if line.startswith(("import ", "from ")) and len(line.split()) > 1 and not line.split()[1].startswith(".")
    }
    names = {
        "sqlalchemy": "SQLAlchemy",
        "webob": "WebOb",
        "dogpile": "dogpile.cache",
        **{name.replace(".", "_"): name for name in declared},
    }
    foreign = {name for name in modules if name not in sys.stdlib_module_names and name not in ("glancepipe", "uwsgi")}
    assert {names.get(name, name) for name in foreign} - declared == set()


def test_build_system_is_all_that_pyproject_says_of_the_package():
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert "project" not in tomllib.load(file)
