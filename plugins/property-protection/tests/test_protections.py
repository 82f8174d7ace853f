"""What a property protection file means, and how it can be wrong (FEATURES 6.7-01, 6.7-02, 6.7-06)."""

import pytest
from glancepipe_property_protection.protections import EVERYBODY, NOBODY, Grant, read

ALL = "create = {0}\nread = {0}\nupdate = {0}\ndelete = {0}\n"


@pytest.fixture
def reading(tmp_path):
    def reading(text, *, policies=False):
        path = tmp_path / "protections.conf"
        path.write_text(text)
        return read(str(path), policies=policies)

    return reading


def everywhere(grant):
    return dict.fromkeys(("create", "read", "update", "delete"), grant)


def test_each_operation_has_its_own_grant(reading):
    protections = reading("[spl]\ncreate = admin, Special_Role\nread = @\nupdate = !\ndelete =\n")
    assert protections.grants("spl") == {
        "create": Grant(roles=frozenset({"admin", "special_role"})),
        "read": EVERYBODY,
        "update": NOBODY,
        "delete": NOBODY,
    }


def test_names_are_searched_and_the_first_section_that_is_found_counts(reading):
    protections = reading(f"[owner]\n{ALL.format('@')}[^x_owner$]\n{ALL.format('!')}[.*y]\n{ALL.format('a')}")
    assert protections.grants("x_owner") == everywhere(EVERYBODY)
    assert protections.grants("xy") == everywhere(Grant(roles=frozenset("a")))


def test_what_no_section_speaks_of_is_nobodys(reading):
    assert reading(f"[^x]\n{ALL.format('@')}").grants("y") == {}
    assert reading("").grants("y") == {}


def test_the_services_own_properties_are_everybodys_whatever_the_file_says(reading, caplog):
    protections = reading(f"[os_glance_hidden]\n{ALL.format('!')}[.*]\n{ALL.format('!')}")
    assert protections.grants("os_glance_hidden") == everywhere(EVERYBODY)
    assert protections.grants("other") == everywhere(NOBODY)
    assert "[os_glance_hidden] is left out" in caplog.text


def test_an_empty_grant_is_nobodys_and_the_log_says_so(reading, caplog):
    reading("[a]\ncreate =\nread = @\nupdate = @\ndelete = @\n")
    assert "[a] names nobody who may create" in caplog.text


def test_policy_rules(reading):
    protections = reading("[a]\ncreate = creator\nread = @\nupdate = !\ndelete = context_is_admin\n", policies=True)
    assert protections.rules == {"creator", "context_is_admin"}
    assert protections.grants("a") == {
        "create": Grant(rule="creator"),
        "read": EVERYBODY,
        "update": NOBODY,
        "delete": Grant(rule="context_is_admin"),
    }
    assert not reading(f"[a]\n{ALL.format('creator')}").rules


@pytest.mark.parametrize(
    ("text", "policies", "complaint"),
    [
        ("[a\n", False, "can't be read: .*no section headers"),
        (f"[a]\n{ALL.format('@')}[a]\n{ALL.format('@')}", False, "can't be read: .*section 'a' already exists"),
        (f"[a(]\n{ALL.format('@')}", False, r"the section \[a\(\] is no regular expression"),
        ("[a]\ncreate = @\nread = @\nupdate = @\n", False, "does not say who may delete"),
        (f"[a]\n{ALL.format('@, !')}", False, "everybody and nobody create"),
        (f"[a]\n{ALL.format('one, two')}", True, "several policy rules for create"),
    ],
)
def test_a_file_that_can_not_be_meant(reading, text, policies, complaint):
    with pytest.raises(ValueError, match=complaint) as refusal:
        reading(text, policies=policies)
    assert "protections.conf" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_that_can_not_be_read(tmp_path):
    (tmp_path / "latin").write_bytes(b"[\xe9]")
    for name in ("missing", "latin", "."):
        with pytest.raises(ValueError, match="can't be read"):
            read(str(tmp_path / name), policies=False)
