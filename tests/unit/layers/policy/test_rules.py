"""The default rules are Glance's, by name and by meaning (FEATURES 7.1)."""

import subprocess
import sys

import pytest
from oslo_policy import policy

from glancepipe.contract import OPERATIONS
from glancepipe.layers.policy.rules import get_enforcer, list_rules

ADMIN = "rule:context_is_admin"
SAME = "project_id:%(project_id)s"
MEMBER = f"{ADMIN} or (role:member and {SAME})"
READER = f"{ADMIN} or (role:reader and {SAME})"
SEEN = f"{SAME} or project_id:%(member_id)s or 'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s"
NAMESPACE = f"{ADMIN} or (role:reader and ({SAME} or 'public':%(visibility)s))"

EXPECTED = {
    "context_is_admin": "role:admin",
    "default metadef_default": "@",
    "service_api": "role:service or role:admin",
    "add_image": f"{ADMIN} or (role:member and {SAME} and project_id:%(owner)s)",
    "delete_image modify_image upload_image deactivate reactivate communitize_image set_image_location add_member delete_member": MEMBER,
    "get_image": f"{ADMIN} or (role:reader and ({SEEN}))",
    "get_images get_image_location get_metadef_namespaces": READER,
    "download_image download_from_store": f"{ADMIN} or (role:member and ({SEEN}))",
    "publicize_image copy_image delete_image_location manage_image_cache list_cached_nodes tasks_api_access": ADMIN,
    "cache_image cache_list cache_delete cache_clean cache_prune metadef_admin": ADMIN,
    "get_member get_members": f"{ADMIN} or (role:reader and ({SAME} or project_id:%(member_id)s))",
    "modify_member": f"{ADMIN} or (role:member and project_id:%(member_id)s)",
    "add_image_location": f"rule:service_api or (role:member and {SAME} and project_id:%(owner)s)",
    "fetch_image_location": "rule:service_api",
    "stores_info_detail": f"{ADMIN} or rule:service_api",
    "get_task get_tasks add_task modify_task": "rule:default",
    "get_metadef_namespace get_metadef_object get_metadef_objects get_metadef_property get_metadef_properties": NAMESPACE,
    "get_metadef_tag get_metadef_tags list_metadef_resource_types get_metadef_resource_type": NAMESPACE,
    "add_metadef_namespace modify_metadef_namespace delete_metadef_namespace": "rule:metadef_admin",
    "add_metadef_object modify_metadef_object delete_metadef_object": "rule:metadef_admin",
    "add_metadef_property modify_metadef_property remove_metadef_property": "rule:metadef_admin",
    "add_metadef_tag add_metadef_tags modify_metadef_tag delete_metadef_tag delete_metadef_tags": "rule:metadef_admin",
    "add_metadef_resource_type_association remove_metadef_resource_type_association": "rule:metadef_admin",
}


def test_names_and_checks():
    """FEATURES 7.1-01 to 7.1-22: all of them, and no other."""
    expected = {name: str(policy.RuleDefault(name, text).check) for names, text in EXPECTED.items() for name in names.split()}
    assert {rule.name: str(rule.check) for rule in list_rules()} == expected


def test_every_rule_of_the_table_of_operations_exists_and_is_documented():
    rules = {rule.name: rule for rule in list_rules()}
    for operation in OPERATIONS.values():
        if operation.rule is not None:
            assert {"method": operation.method, "path": operation.path} in rules[operation.rule].operations


def test_only_building_blocks_take_tokens_of_any_scope():
    """FEATURES 7.2-07."""
    blocks = {"default", "context_is_admin", "service_api", "metadef_default", "metadef_admin"}
    assert {rule.name for rule in list_rules() if rule.scope_types != ["project"]} == blocks


def test_oslo_policys_tools_get_an_enforcer_with_all_rules():
    """FEATURES 7.2-09."""
    assert set(get_enforcer().registered_rules) == {rule.name for rule in list_rules()}


@pytest.mark.parametrize("name", ["get_image", "metadef_admin"])
def test_the_sample_generator_finds_the_rules(name):
    """FEATURES 7.2-09."""
    command = [sys.executable, "-c", "from oslo_policy.generator import generate_sample; generate_sample()", "--namespace", "glancepipe"]
    sample = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert f'\n#"{name}": ' in sample
