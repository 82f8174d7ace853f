import sys
import textwrap

import pytest
from oslo_config import cfg
from stevedore import ExtensionManager


@pytest.fixture
def conf():
    """A configuration with the pipeline's own option and nothing else."""
    conf = cfg.ConfigOpts()
    conf.register_opts([cfg.ListOpt("layers", default=[])], group="pipeline")
    conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
    return conf


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """Installs distributions made of one module: ``distribution("glancepipe-x", "code", x="module:Class")``."""

    def install(name, code="", **layers):
        root = tmp_path / name
        info = root / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        points = "\n".join(f"{layer} = {value}" for layer, value in layers.items())
        (info / "entry_points.txt").write_text(f"[glancepipe.layers]\n{points}\n")
        (root / f"{name.replace('-', '_')}.py").write_text(textwrap.dedent(code))
        monkeypatch.delitem(sys.modules, name.replace("-", "_"), raising=False)
        monkeypatch.syspath_prepend(str(root))
        monkeypatch.setattr(ExtensionManager, "ENTRY_POINT_CACHE", {})  # it is one per process

    return install
