"""Built-in layers get no favours: the API suite passes with a plugin of another name in quota's place (DESIGN 3)."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

SUITE = Path(__file__).parents[1] / "api"
LINE = "auth, notifier, policy, quota-none, location, domain, db"


@pytest.mark.timeout(300)
def test_the_api_suite_passes_without_quota():
    if not entry_points(group="glancepipe.layers", name="quota-none"):
        pytest.skip("needs plugins/quota-none, which `make test` installs")
    # What is refused before any layer sees it, and metadata definitions, do not pass quota.
    elsewhere = [f"--ignore-glob={SUITE}/**/{name}" for name in ("test_bad_input.py", "metadefs")]
    suite = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not limits and not line", *elsewhere, str(SUITE)]
    done = subprocess.run(suite, env={**os.environ, "OS_PIPELINE__LAYERS": LINE}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
