"""The command line as a whole."""

import pytest

import glancepipe


def test_version(run):
    done = run("--version")
    assert done.status == 0
    assert glancepipe.__version__ in done.out


def test_help_lists_every_command(run):
    done = run("--help")
    assert done.status == 0
    for command in (
        "serve",
        "pipeline show",
        "pipeline check",
        "config sample",
        "policy sample",
        "plugins list",
        "db upgrade",
        "db check",
        "db version",
    ):
        assert f"\n  {command} " in done.out


def test_no_command_shows_help_and_fails(run):
    done = run()
    assert done.status
    assert "Commands:" in done.out


def test_unknown_command(run):
    done = run("serf")
    assert done.status
    assert "serve" in done.out


@pytest.mark.parametrize(
    "words", [("--config-file", "/nowhere/a.conf", "pipeline", "check"), ("pipeline", "check", "--config-file", "/nowhere/a.conf")]
)
def test_config_file_before_and_after_the_command(run, words):
    done = run(*words)
    assert done.status == 1
    assert "/nowhere/a.conf" in done.err


def test_mistake_is_one_sentence_without_traceback(run):
    done = run("pipeline", "check", conf="no sense")
    assert done.status == 1
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err


def test_options_can_not_be_abbreviated(run):
    """Else a command's --verb would be swallowed as --verbose."""
    assert run("pipeline", "show", "--verb", "save").status == 2
