"""The tools of oslo.policy on the rules of glancepipe (FEATURES 7.2-09)."""

import subprocess
import sys
from pathlib import Path

import pytest

OPERATORS = '"modify_image": "role:special"\n"get_images": "rule:context_is_admin or (role:reader and project_id:%(project_id)s)"\n'


@pytest.fixture
def tool(tmp_path):
    """Run one of the tools on the configuration of an operator; answers what it prints."""

    def tool(name, *words, policies=OPERATORS, status=0):
        (tmp_path / "policy.yaml").write_text(policies)
        (tmp_path / "glancepipe.conf").write_text(f"[oslo_policy]\npolicy_file = {tmp_path}/policy.yaml\n")
        command = [Path(sys.executable).with_name(f"oslopolicy-{name}"), "--namespace=glancepipe", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr

    return tool


CONFIGURED = "--config-file=glancepipe.conf"


def test_the_sample_has_all_rules_commented_out(tool):
    sample = tool("sample-generator")
    assert '#"modify_image": "rule:context_is_admin or (role:member and project_id:%(project_id)s)"' in sample
    assert "# PATCH  /v2/images/{image_id}" in sample


def test_the_rules_in_force(tool):
    rules = tool("policy-generator", CONFIGURED)
    assert '"modify_image": "role:special"' in rules
    assert '"publicize_image": "rule:context_is_admin"' in rules


def test_what_the_operator_need_not_say(tool):
    redundant = tool("list-redundant", CONFIGURED)
    assert '"get_images"' in redundant
    assert "modify_image" not in redundant


@pytest.mark.parametrize(("policies", "status"), [(OPERATORS, 0), ('"modify_image": "rule:nowhere"\n', 1), ('"modify_imag": "@"\n', 1)])
def test_a_policy_file_is_checked(tool, policies, status):
    tool("validator", CONFIGURED, policies=policies, status=status)
