"""A Glance's configuration, option by option (FEATURES 8.1, 8.2)."""

import logging
import stat
from pathlib import Path

import pytest

from glancepipe.cli.main import main
from glancepipe.config.glance import paste

PASTE = """
[composite:glance-api-keystone]
paste.composite_factory = glance.api:root_app_factory
/: api
/healthcheck: healthcheck
[composite:api]
default = cors http_proxy_to_wsgi versionnegotiation unauthenticated-context rootapp
keystone = http_proxy_to_wsgi versionnegotiation osprofiler throttle authtoken context rootapp
[app:healthcheck]
paste.app_factory = oslo_middleware:Healthcheck.app_factory
backends = disable_by_file
disable_by_file_path = /run/off
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
delay_auth_decision = true
password = f1lt3r
"""

OLD_PASTE = """
[pipeline:glance-api]
pipeline = versionnegotiation unauthenticated-context rootapp
[pipeline:glance-api-keystone]
pipeline = cors versionnegotiation authtoken context rootapp
"""


@pytest.fixture(autouse=True)
def logging_as_it_was():
    """A command sets up logging to what is standard error at that time."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture
def adopt(tmp_path, capsys):
    def run(text, *arguments, paste_text=None):
        (tmp_path / "glance-api.conf").write_text(text)
        files = [str(tmp_path / "glance-api.conf")]
        if paste_text is not None:
            (tmp_path / "paste.ini").write_text(paste_text)
            files.append(str(tmp_path / "paste.ini"))
        target = tmp_path / "glancepipe.conf"
        target.unlink(missing_ok=True)
        status = main(["config", "from-glance", *files, "--output", str(target), *arguments])
        told = capsys.readouterr()
        return status, told.out + told.err, target.read_text() if target.exists() else ""

    return run


def test_options_of_the_same_name_stay(adopt):
    status, told, file = adopt("[DEFAULT]\nimage_size_cap = 5\nenabled_backends = a:file\n[a]\nfilesystem_store_datadir = /images\n")
    assert status == 0
    assert "as it is    [DEFAULT] image_size_cap = 5" in told
    assert "as it is    [a] filesystem_store_datadir = /images" in told
    assert "image_size_cap = 5\n" in file
    assert "[a]\nfilesystem_store_datadir = /images\n" in file


def test_values_that_come_several_times_all_stay(adopt):
    """8.1-09: options of libraries too, under former names as well."""
    lines = "filesystem_store_datadirs = /a:1\nfilesystem_store_datadirs = /b:2\n"
    _, _, file = adopt(f"[glance_store]\n{lines}[database]\nconnection = mysql+pymysql://h/glance\nidle_timeout = 5\n")
    assert lines in file
    assert "[database]\nconnection = mysql+pymysql://h/glance\n" in file


def test_secrets_are_never_shown_and_never_lost(adopt, tmp_path):
    text = (
        "[DEFAULT]\ntransport_url = rabbit://u:hidden1@a:5672,u:hidden2@b/\nmetadata_encryption_key = hidden3\n"
        "[database]\nconnection = mysql+pymysql://u:hidden4@h/glance\n"
        "[keystone_authtoken]\nauth_type = password\npassword = hidden5\nmemcache_secret_key = hidden6\n[unknown]\nmy_password = hidden7\n"
    )
    status, told, file = adopt(text)
    assert status == 0
    assert "hidden" not in told
    for number in range(1, 7):
        assert f"hidden{number}" in file
    assert stat.S_IMODE(Path(tmp_path / "glancepipe.conf").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("flavor", "strategy"), [("", "none"), ("keystone", "keystone"), ("keystone+cachemanagement", "keystone"), ("caching", "none")]
)
def test_a_flavor_says_who_authenticates(adopt, flavor, strategy):
    """8.2-02."""
    status, told, file = adopt(f"[paste_deploy]\nflavor = {flavor}\n")
    assert status == 0
    assert f"[api]\nauth_strategy = {strategy}\n" in file
    assert ("'cache' has no counterpart" in told) == ("cach" in flavor)
    assert "middleware =" not in file


def test_a_flavor_of_their_own_needs_the_paste_file(adopt):
    status, told, file = adopt("[paste_deploy]\nflavor = special\n")
    assert status == 1
    assert "name the paste file" in told
    assert file == ""


def test_a_paste_file(adopt):
    """8.1-10, 8.2-04."""
    status, told, file = adopt("[paste_deploy]\nflavor = keystone\n", paste_text=PASTE)
    assert status == 0
    assert "[wsgi]\nmiddleware = http_proxy_to_wsgi, request_id, limits, healthcheck, versions, auth\n" in file
    assert "[healthcheck]\nbackends = disable_by_file\ndisable_by_file_path = /run/off\n" in file
    assert "'throttle' has no counterpart" in told
    assert "[keystone_authtoken]\npassword = f1lt3r\n" in file
    assert "f1lt3r" not in told


def test_what_the_configuration_says_wins_over_the_paste_file(adopt):
    _, _, file = adopt(
        "[paste_deploy]\nflavor = keystone\n[keystone_authtoken]\npassword = own\n[healthcheck]\nbackends = x\n", paste_text=PASTE
    )
    assert "f1lt3r" not in file
    assert file.count("backends =") == 1


def test_an_older_paste_file(adopt):
    status, _, file = adopt("[paste_deploy]\nflavor = keystone\n", paste_text=OLD_PASTE)
    assert status == 0
    assert "[wsgi]\nmiddleware = cors, request_id, limits, versions, auth\n" in file


@pytest.mark.parametrize("text", ["no sections", "[composite:api]\nkeystone2 = x\n", None])
def test_a_paste_file_that_can_not_be_read(adopt, tmp_path, text):
    if text is None:
        with pytest.raises(ValueError, match="can't be read"):
            paste.read(str(tmp_path / "none.ini"), "")
        return
    status, told, _ = adopt("[paste_deploy]\nflavor = keystone\n", paste_text=text)
    assert status == 1
    assert "paste" in told


def test_what_has_no_meaning_says_why(adopt):
    _, told, file = adopt("[DEFAULT]\nscrub_pool_size = 3\n[profiler]\nenabled = true\n[DEFAULT]\nnonsense = 1\n")
    assert "no meaning  [DEFAULT] scrub_pool_size = 3: the workers" in told
    assert "no meaning  [profiler] enabled = true: osprofiler" in told
    assert "unknown     [DEFAULT] nonsense = 1" in told
    assert not {"scrub_pool_size", "profiler", "nonsense"} & set(file.replace("[", " ").replace("]", " ").split())


def test_layers_that_options_ask_for(adopt):
    """8.1-27, 8.1-28."""
    _, told, file = adopt("[DEFAULT]\nmetadata_encryption_key = 0123456789abcdef\n")
    assert "layers = auth, notifier, policy, quota, location, location-encryption, domain, db\n" in file
    assert "Install the distribution glancepipe-location-encryption" in told
    _, told, file = adopt("[DEFAULT]\nproperty_protection_file = /etc/glance/p.conf\nproperty_protection_rule_format = policies\n")
    assert "property_protection_file = /etc/glance/p.conf\nproperty_protection_rule_format = policies\n" in file
    assert "layers = auth, property-protection, notifier, policy, quota, location, domain, db\n" in file
    assert "Install the distribution glancepipe-property-protection" in told


def test_files_that_are_found_beside_the_configuration(adopt, tmp_path):
    """8.2-01: the policy file, custom properties, and the second file of options."""
    (tmp_path / "policy.yaml").write_text("")
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "schema-image.json").write_text("{}")
    (tmp_path / "protect.conf").write_text("")
    (tmp_path / "glance-image-import.conf").write_text("[DEFAULT]\nimage_size_cap = 1\nimage_tag_quota = 2\n")
    _, told, file = adopt("[DEFAULT]\nimage_size_cap = 5\nproperty_protection_file = protect.conf\n[oslo_policy]\npolicy_dirs = rules.d\n")
    assert f"property_protection_file = {tmp_path}/protect.conf\n" in file
    assert f"policy_file = {tmp_path}/policy.yaml\n" in file
    assert f"policy_dirs = {tmp_path}/rules.d\n" in file
    assert file.count("policy_dirs") == 1
    assert "schema-image.json" in told
    assert "image_size_cap = 5\n" in file
    assert "image_size_cap = 1\n" not in file
    assert "image_tag_quota = 2\n" in file


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("postgresql", "postgresql+psycopg"),
        ("postgresql+psycopg2", "postgresql+psycopg"),
        ("mysql", "mysql+pymysql"),
        ("mysql+mysqldb", "mysql+pymysql"),
        ("mysql+pymysql", "mysql+pymysql"),
    ],
)
@pytest.mark.parametrize("option", ["connection", "slave_connection"])
def test_databases_get_the_driver_that_is_installed(adopt, option, theirs, ours):
    """8.1-08."""
    _, told, file = adopt(f"[database]\n{option} = {theirs}://u:hidden@h/glance\n")
    assert f"[database]\n{option} = {ours}://u:hidden@h/glance\n" in file
    assert f"as it is    [database] {option} = {theirs}://***@h/glance" in told
    assert (f"with the driver of {ours}://" in told) == (theirs != ours)


def test_options_of_the_database_that_nobody_reads(adopt):
    """8.1-08."""
    _, told, file = adopt("[database]\nuse_db_reconnect = true\nmax_pool_size = 7\n")
    assert "no meaning  [database] use_db_reconnect = true: a lost" in told
    assert "use_db_reconnect" not in file
    assert "max_pool_size = 7\n" in file


def test_where_glance_keeps_images_if_nobody_says(adopt):
    """8.1-03, 8.1-04: it is another place than ours."""
    there = "filesystem_store_datadir = /var/lib/glance/images\n"
    _, told, file = adopt("[DEFAULT]\nimage_size_cap = 5\n")
    assert f"[glance_store]\n{there}" in file
    assert "[glance_store] filesystem_store_datadir is written" in told
    _, _, file = adopt("[DEFAULT]\nenabled_backends = a:file, b:file\n[a]\nfilesystem_store_datadir = /images\n[b]\nweight = 2\n")
    assert f"[b]\nweight = 2\n{there}" in file
    assert file.count("/var/lib/glance") == 1


def test_stores_that_have_no_driver(adopt):
    _, told, file = adopt("[DEFAULT]\nenabled_backends = a:file, tape:tape\n[tape]\ntape_robot = 1\nweight = 2\n")
    assert "not built   [tape] tape_robot = 1: no driver that is installed for stores of type 'tape' knows it" in told
    assert "No driver for stores of type 'tape' is installed" in told
    assert "tape_robot" not in file


def test_files_that_glance_reads_as_well(adopt, tmp_path):
    """8.2-01: what oslo.config looks for beside the main file wins over it."""
    for name, value in (("glance.conf.d", 2), ("glance-api.conf.d", 3)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.conf").write_text(f"[DEFAULT]\nimage_tag_quota = {value}\n")
    _, _, file = adopt("[DEFAULT]\nimage_tag_quota = 1\n")
    assert [line for line in file.splitlines() if "tag_quota" in line] == ["image_tag_quota = 3"]


@pytest.mark.parametrize("option", ["bind_host = 0.0.0.0", "bind_port = 9292", "workers = 3"])
def test_options_of_the_server_that_glance_has_no_more(adopt, option):
    """8.1-41."""
    _, told, _ = adopt(f"[DEFAULT]\n{option}\n")
    assert f"no meaning  [DEFAULT] {option}: Glance 33 has no server of its own; `[serve]" in told


def test_nothing_is_overwritten(adopt, tmp_path, capsys):
    adopt("[DEFAULT]\n")
    before = (tmp_path / "glancepipe.conf").read_text()
    assert main(["config", "from-glance", str(tmp_path / "glance-api.conf"), "--output", str(tmp_path / "glancepipe.conf")]) == 1
    assert "can't be written: File exists" in "".join(capsys.readouterr())
    assert (tmp_path / "glancepipe.conf").read_text() == before


@pytest.mark.parametrize("text", ["garbage", "[DEFAULT]\nenabled_backends = a\n"])
def test_a_file_that_can_not_be_read(adopt, text):
    status, told, file = adopt(text)
    assert status == 1
    assert "can't be read" in told
    assert file == ""


def test_a_missing_file(capsys):
    assert main(["config", "from-glance", "/nowhere/glance-api.conf"]) == 1
    assert "can't be read" in "".join(capsys.readouterr())


def test_options_of_a_plugin_that_is_not_known(adopt):
    _, told, _ = adopt("[keystone_authtoken]\nauth_type = strange\nfoo = bar\n")
    assert "unknown     [keystone_authtoken] foo = bar" in told


def test_what_is_written_can_be_loaded(adopt, tmp_path, capsys):
    text = (
        f"[DEFAULT]\nenabled_backends = fast:file\nuser_storage_quota = 1GB\n[glance_store]\ndefault_backend = fast\n"
        f"[fast]\nfilesystem_store_datadir = {tmp_path}/images\n[database]\nconnection = sqlite:///{tmp_path}/db\n"
    )
    adopt(text)
    assert main(["pipeline", "check", "--config-file", str(tmp_path / "glancepipe.conf")]) == 0, capsys.readouterr()


def test_certificates_of_web_servers_are_verified_now(adopt):
    """FEATURES 12-21."""
    stores = "[DEFAULT]\nenabled_backends = fast:file, web:http\n[glance_store]\ndefault_backend = fast\n"
    assert "see [web] https_insecure." in adopt(stores)[1]
    assert "see [web] https_insecure." not in adopt(f"{stores}[web]\nhttps_insecure = true\n")[1]
