"""What the samples and the list of plugins contain."""

import json
import re

from oslo_config import cfg


def test_config_sample_has_options_of_core_layers_stores_and_middleware(run):
    done = run("config", "sample")
    assert done.status == 0
    for option in (
        "state_path = $XDG_STATE_HOME/glancepipe",
        "layers = auth,notifier,policy,quota,location,domain,db",
        "image_property_quota = 128",
        "connection = ",
        "filesystem_store_datadir = ",
        "enable_proxy_headers_parsing = false",
        "allow_methods = GET,PUT,POST,DELETE,PATCH",
        "www_authenticate_uri = ",
    ):
        assert f"\n#{option}" in done.out, option


def test_config_sample_is_a_configuration(run, tmp_path):
    sample = tmp_path / "sample.conf"
    sample.write_text(run("config", "sample").out)
    cfg.ConfigOpts()([], default_config_files=[str(sample)], default_config_dirs=[])


def test_no_option_is_listed_twice_in_a_group(run):
    seen, group = set(), ""
    for line in run("config", "sample").out.splitlines():
        if section := re.fullmatch(r"\[(.+)\]", line):
            group = section[1]
        elif option := re.match(r"#(\w+) = ", line):
            assert (group, option[1]) not in seen or "driver" in option[1], line
            seen.add((group, option[1]))


def test_policy_sample(run):
    """FEATURES 7.2-09."""
    done = run("policy", "sample")
    assert done.status == 0
    assert '#"get_image": ' in done.out
    assert '#"context_is_admin": "role:admin"' in done.out


def test_plugins_list(run):
    done = run("plugins", "list", "-f", "json")
    assert done.status == 0
    rows = json.loads(done.out)
    assert {"group": "glancepipe.layers", "name": "quota", "module": "glancepipe.layers.quota:Quota"}.items() <= next(
        row for row in rows if row["name"] == "quota"
    ).items()
    assert {row["group"] for row in rows} >= {"glancepipe.layers", "glancepipe.stores", "glancepipe.middleware", "glancepipe.commands"}
