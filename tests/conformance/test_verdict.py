"""The verdict on a run of Tempest, made of two tables and a list of exceptions."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ON_GLANCE = {"a.T.first": "pass", "a.T.second": "pass", "a.T.third": "skip"}


@pytest.fixture
def verdict(tmp_path):
    """Exit status and output for results by test."""

    def verdict(results, *options, excepted=()):
        rows = [f"{test}[id-1]\t{said}\t1.00\tdefault\t\n" for test, said in ON_GLANCE.items()]
        (tmp_path / "reference").write_text("# test\n" + "".join(rows))
        (tmp_path / "results").write_text("".join(f"{test}[id-2]\t{said}\t1.00\tfile | why\n" for test, said in results.items()))
        (tmp_path / "excepted").write_text("# a comment\n\n" + "".join(f"{test}  not built\n" for test in excepted))
        files = ["--reference", tmp_path / "reference", "--excepted", tmp_path / "excepted", tmp_path / "results"]
        words = [sys.executable, HERE / "verdict.py", "--profile", "default", *files, *options]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return verdict


def test_all_that_pass_on_glance_pass(verdict):
    status, said = verdict({"a.T.first": "pass", "a.T.second": "pass", "a.T.third": "skip"})
    assert (status, said) == (0, "default: 2 of 2 tests that pass on Glance pass, 0 excepted; 0 wrong, 0 to take out\n")


@pytest.mark.parametrize("second", ["fail", "skip", None])
def test_one_does_not(verdict, second):
    """A test that is left out has not passed."""
    status, said = verdict({"a.T.first": "pass", **({"a.T.second": second} if second else {})})
    assert status == 1
    assert "a.T.second: why" in said or second is None
    assert "1 of 2 tests that pass on Glance pass" in said
    assert "1 wrong" in said


def test_one_that_glance_skips_must_not_fail(verdict):
    assert verdict({"a.T.first": "pass", "a.T.second": "pass", "a.T.third": "fail"})[0] == 1


def test_exceptions_end(verdict):
    failing, passing = ({"a.T.first": "pass", "a.T.second": said} for said in ("fail", "pass"))
    assert verdict(failing, excepted=["a.T.second"])[0] == 0
    status, said = verdict(passing, excepted=["a.T.second"])
    assert (status, "take it out" in said) == (1, True)


def test_a_part_of_the_tests(verdict):
    assert verdict({"a.T.first": "pass"})[0] == 1
    assert verdict({"a.T.first": "pass"}, "--partial")[0] == 0


def test_every_exception_has_a_reason():
    lines = [line for line in (HERE / "excepted.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if len(line.split(maxsplit=1)) != 2] == []
    assert lines == sorted(set(lines))
