"""A log that can't be written is one sentence, and trying it changes nothing."""

import logging

import pytest

from glancepipe.config import load, logs


@pytest.mark.parametrize("option", ["log_config_append = /nowhere/logging.conf", "log_file = /nowhere/service.log"])
def test_a_log_that_cannot_be(tmp_path, option):
    file = tmp_path / "a.conf"
    file.write_text(f"[DEFAULT]\n{option}\n")
    handlers = list(logging.getLogger().handlers)
    with pytest.raises(ValueError, match="The log can't be set up: "):
        logs.check(load(config_files=[str(file)]))
    assert logging.getLogger().handlers == handlers


def test_trying_a_good_log_changes_nothing(tmp_path):
    file = tmp_path / "a.conf"
    file.write_text(f"[DEFAULT]\nlog_file = {tmp_path}/service.log\n")
    handlers = list(logging.getLogger().handlers)
    logs.check(load(config_files=[str(file)]))
    assert logging.getLogger().handlers == handlers
