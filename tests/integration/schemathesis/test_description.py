"""The description is true: schemathesis finds no status, header or document that it does not tell of, and no 5xx."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
HERE = Path(__file__).parent


@pytest.mark.timeout(240)
def test_the_description_is_true(service, tmp_path):
    """As an administrator, where all that can be shown is: requests as described and otherwise, and chains of them by links."""
    several = {"enabled_backends": "fast:memory,slow:memory", "show_multiple_locations": True, "show_image_direct_url": True}
    with service(DEFAULT=several, glance_store={"default_backend": "fast"}, api={"auth_strategy": "none"}) as running:
        url = f"http://127.0.0.1:{running.port}/v2/openapi.json"
        words = [SCHEMATHESIS, "--config-file", HERE / "schemathesis.toml", "run", url]
        environ = {**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py")}
        done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=200, check=False)
        assert done.returncode == 0, done.stdout[-8000:]
        assert "Traceback" not in running.output
