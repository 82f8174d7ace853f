"""Where a configuration comes from, in which order, and what a mistake in it says."""

import sys

import pytest
from oslo_config import cfg

from glancepipe.config.loading import CONFIG_DIR, CONFIG_FILES, check_values, load


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A machine on which nothing is configured."""
    for name in (CONFIG_DIR, CONFIG_FILES, "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(cfg, "_get_config_dirs", lambda project=None: [str(tmp_path / f".{project}"), str(tmp_path)])
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "prefix"))
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def test_nothing_configured_has_defaults_of_glance():
    """FEATURES 8.1-13, 8.1-20, 8.1-26."""
    conf = load()
    assert (conf.limit_param_default, conf.api_limit_max, conf.max_request_id_length) == (25, 1000, 64)
    assert conf.enabled_backends is None
    assert not conf.show_image_direct_url
    assert conf.api.auth_strategy == "none"
    assert conf.pipeline.layers == ["auth", "notifier", "policy", "quota", "location", "domain", "db"]
    assert conf.wsgi.middleware == ["http_proxy_to_wsgi", "cors", "request_id", "limits", "healthcheck", "versions", "auth"]


def test_state_is_where_the_desktop_standard_says(home, monkeypatch):
    assert load().state_path == str(home / ".local/state/glancepipe")
    monkeypatch.setenv("XDG_STATE_HOME", "/elsewhere")
    assert load().state_path == "/elsewhere/glancepipe"


def test_bracketed_list_of_import_methods(home):
    """FEATURES 8.1-07."""
    file = write(home / "a.conf", "[DEFAULT]\nenabled_import_methods = [web-download, copy-image]\n")
    assert load(config_files=[file]).enabled_import_methods == ["web-download", "copy-image"]


def test_two_configurations_live_side_by_side(home):
    one = load(config_files=[write(home / "one.conf", "[DEFAULT]\nenabled_backends = a:file, b:memory\n")])
    two = load(config_files=[write(home / "two.conf", "[DEFAULT]\napi_limit_max = 5\n")])
    assert (one.enabled_backends, one.api_limit_max) == ({"a": "file", "b": "memory"}, 1000)
    assert (two.enabled_backends, two.api_limit_max) == (None, 5)


def test_explicit_file_replaces_all_others(home):
    write(home / "glancepipe.conf", "[DEFAULT]\napi_limit_max = 7\n")
    assert load().api_limit_max == 7
    assert load(config_files=[write(home / "other.conf", "")]).api_limit_max == 1000


def test_files_in_args_as_oslo_config_takes_them(home):
    file = write(home / "other.conf", "[DEFAULT]\napi_limit_max = 8\n")
    assert load(["--config-file", file]).api_limit_max == 8


def test_later_files_and_directories_win(home):
    first = write(home / "1.conf", "[DEFAULT]\napi_limit_max = 1\nlimit_param_default = 1\n")
    write(home / "d" / "2.conf", "[DEFAULT]\napi_limit_max = 2\n")
    conf = load(config_files=[first], config_dirs=[str(home / "d")])
    assert (conf.api_limit_max, conf.limit_param_default) == (2, 1)


def test_search_path(home):
    installed = home / "prefix" / "etc" / "glancepipe" / "glancepipe.conf"
    write(installed, "[DEFAULT]\napi_limit_max = 1\n")
    assert load().api_limit_max == 1
    write(home / "glancepipe.conf", "[DEFAULT]\napi_limit_max = 2\n")
    assert load().api_limit_max == 2
    write(home / ".glancepipe" / "glancepipe.conf", "[DEFAULT]\napi_limit_max = 3\n")
    assert load().api_limit_max == 3
    write(home / ".glancepipe" / "glancepipe.conf.d" / "more.conf", "[DEFAULT]\napi_limit_max = 4\n")
    assert load().api_limit_max == 4


def test_environment_names_directory_and_files(home, monkeypatch):
    """FEATURES 8.2-01: servers without a command line."""
    write(home / "glancepipe.conf", "[DEFAULT]\napi_limit_max = 1\n")
    write(home / "etc" / "glancepipe.conf", "[DEFAULT]\napi_limit_max = 2\nlimit_param_default = 2\n")
    write(home / "etc" / "glance-api.conf", "[DEFAULT]\napi_limit_max = 3\n")
    monkeypatch.setenv(CONFIG_DIR, str(home / "etc"))
    assert load().api_limit_max == 2
    monkeypatch.setenv(CONFIG_FILES, "glancepipe.conf; glance-api.conf")
    assert (load().api_limit_max, load().limit_param_default) == (3, 2)
    write(home / "etc" / "glancepipe.conf.d" / "more.conf", "[DEFAULT]\napi_limit_max = 4\n")
    assert load().api_limit_max == 4
    assert load(config_files=[write(home / "explicit.conf", "")]).api_limit_max == 1000


def test_files_without_directory(home, monkeypatch):
    monkeypatch.setenv(CONFIG_FILES, write(home / "somewhere.conf", "[DEFAULT]\napi_limit_max = 9\n"))
    assert load().api_limit_max == 9


def test_single_option_from_the_environment(home, monkeypatch):
    monkeypatch.setenv("OS_DEFAULT__STATE_PATH", "/state")
    monkeypatch.setenv("OS_PIPELINE__LAYERS", "auth,db")
    conf = load(config_files=[write(home / "a.conf", "[DEFAULT]\nstate_path = /file\n")])
    assert conf.state_path == "/state"
    assert conf.pipeline.layers == ["auth", "db"]


def test_missing_file_is_an_error(home):
    with pytest.raises(cfg.Error, match=r"nothing\.conf"):
        load(config_files=[str(home / "nothing.conf")])


def test_broken_file_is_an_error(home):
    with pytest.raises(cfg.Error, match=r"a\.conf"):
        load(config_files=[write(home / "a.conf", "words without sense\n")])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[DEFAULT]\nlimit_param_default = many\n", r"\[DEFAULT\] limit_param_default \(.*a\.conf\) can't be used: .*many"),
        ("[DEFAULT]\nlimit_param_default = 0\n", r"limit_param_default .* can't be used: .*1"),
        ("[api]\nauth_strategy = trust\n", r"\[api\] auth_strategy \(.*a\.conf\) can't be used: .*keystone"),
        ("[DEFAULT]\nenabled_backends = fast\n", r"enabled_backends .* can't be used: .*NAME:VALUE"),
        ("[DEFAULT]\npublic_endpoint = ftp://here\n", r"public_endpoint .* can't be used: .*"),
        ("[DEFAULT]\nstate_path = $nowhere\n", r"state_path can't be used: .*nowhere"),
    ],
)
def test_bad_value_names_option_and_file(home, text, sentence):
    conf = load(config_files=[write(home / "a.conf", text)])
    with pytest.raises(ValueError, match=sentence):
        check_values(conf)


def test_defaults_are_good():
    check_values(load())


def test_naming_a_directory_hides_no_file(home):
    """Else a typing error would run the embedded default, in which everybody is an administrator."""
    write(home / "glancepipe.conf", "[DEFAULT]\nlimit_param_default = 7\n")
    (home / "d").mkdir()
    assert load(config_dirs=[str(home / "d")]).limit_param_default == 7


def test_a_directory_that_is_not_there_is_refused(home):
    with pytest.raises(cfg.Error):
        load(config_dirs=[str(home / "nowhere")])
