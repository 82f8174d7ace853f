"""Policy files: what is read, and that a broken one changes nothing but the health check (FEATURES 7.2-06)."""

import os
import threading

import pytest
from oslo_config import cfg
from oslo_policy import opts

from glancepipe.layers.policy.files import RuleBook

MEMBER = {"roles": ["member", "reader"], "project_id": "p"}
OTHERS = {"owner": "q", "project_id": "q", "visibility": "private", "member_id": None}
BROKEN = {
    "no YAML": "get_image: [",
    "no mapping": "- get_image",
    "a text": "get_image",
    "no check string": "delete_image:",
    "a bad check string": "delete_image: 'role:admin and'",
    "a number": "delete_image: 5",
    "an unknown rule": "delete_image: 'rule:absent'",
    "a circle": "delete_image: 'rule:modify_image'\nmodify_image: 'rule:delete_image'",
    "a circle through a default": "context_is_admin: 'rule:publicize_image'",
    "a circle that a default leads to": "late: 'rule:metadef_admin'\ncontext_is_admin: 'rule:late'",
    "no text": b"delete_image: '\xff'",
}


class Files:
    """A configuration and its policy files."""

    def __init__(self, folder):
        self.folder = folder
        self.main = folder / "policy.yaml"
        self.directory = folder / "policy.d"
        self.ticks = 0
        (folder / "glancepipe.conf").write_text("")

    def write(self, text, path=None):
        """Write a file; each time it gets another modification time, however fast the test is."""
        path = path or self.main
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.ticks += 1
        os.utime(path, (self.ticks, self.ticks))

    def conf(self, text=""):
        path = self.folder / "glancepipe.conf"
        path.write_text(text)
        conf = cfg.ConfigOpts()
        conf(["--config-file", str(path)], project="glancepipe")
        for group, options in opts.list_opts():
            conf.register_opts(options, group)
        return conf

    def book(self, text=""):
        book = RuleBook(self.conf(text))
        book.interval = 0.0
        return book


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


def allows(book, rule, creds=MEMBER):
    return book.get(rule).allows(OTHERS, creds, "project")


def loaded(files, text=""):
    book = files.book(text)
    book.load()
    return book


def test_without_files_the_defaults_are_in_force(files):
    book = loaded(files)
    assert not allows(book, "delete_image")
    assert allows(book, "delete_image", {"roles": ["admin"]})
    assert list(book.findings()) == []


def test_a_file_overrides_by_name(files):
    files.write("delete_image: role:member\nmine: role:member\nmodify_image: rule:mine")
    book = loaded(files)
    assert allows(book, "delete_image")
    assert allows(book, "modify_image")
    assert not allows(book, "upload_image")


def test_files_of_the_directories_override_in_order(files):
    files.write("delete_image: '!'")
    files.write("delete_image: '!'\nmodify_image: '@'", files.directory / "10.yaml")
    files.write("delete_image: '@'", files.directory / "20.yaml")
    files.write("delete_image: '!'", files.directory / ".30.yaml.swp")
    (files.directory / "deeper").mkdir()
    book = loaded(files)
    assert allows(book, "delete_image")
    assert allows(book, "modify_image")


def test_an_empty_file_says_nothing(files):
    files.write("# nothing\n")
    assert not allows(loaded(files), "delete_image")


def test_a_rule_that_nobody_wrote_refuses(files):
    """FEATURES 7.2-02: unregistered names are no way around."""
    assert not allows(loaded(files), "absent", {"roles": ["admin"]})


def test_token_scopes_of_a_default_hold_for_its_override(files):
    """FEATURES 7.2-07."""
    files.write("delete_image: '@'\nmine: '@'")
    book = loaded(files)
    assert [book.get("delete_image").allows(OTHERS, MEMBER, scope) for scope in ("project", "system", "domain")] == [True, False, False]
    assert book.get("mine").allows(OTHERS, MEMBER, "system")


def test_former_defaults_count_if_the_operator_wants_them(files):
    """FEATURES 7.2-08: they are added to the defaults, not to what a file says."""
    files.write("modify_image: role:admin")
    book = loaded(files, "[oslo_policy]\nenforce_new_defaults = false\n")
    roleless = {"roles": [], "project_id": "p"}
    assert allows(book, "delete_image", roleless)
    assert not allows(book, "modify_image", roleless)
    assert not allows(book, "publicize_image", roleless)
    assert not allows(book, "modify_member", roleless)
    assert book.get("modify_member").allows({**OTHERS, "member_id": "p"}, roleless, "project")


def test_changes_are_noticed(files):
    """FEATURES 7.2-06: a file that changes, appears, or goes."""
    book = loaded(files)
    files.write("delete_image: '@'")
    assert allows(book, "delete_image")
    files.write("delete_image: '!'")
    assert not allows(book, "delete_image", {"roles": ["admin"]})
    files.write("delete_image: '@'", files.directory / "more.yaml")
    assert allows(book, "delete_image")
    (files.directory / "more.yaml").unlink()
    files.main.unlink()
    assert not allows(book, "delete_image")


def test_files_are_looked_at_no_more_often_than_the_interval(files, monkeypatch):
    book = files.book()
    book.interval = 1.0
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    book.load()
    book.get("delete_image")
    files.write("delete_image: '@'")
    assert not allows(book, "delete_image")
    now = 101.0
    assert allows(book, "delete_image")


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_stops_the_start(files, broken):
    files.write(broken)
    with pytest.raises(ValueError, match=str(files.main)) as caught:
        files.book().load()
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("where", ["main", "directory"])
def test_a_file_that_breaks_keeps_the_last_good_rules(files, broken, where, caplog):
    files.write("delete_image: role:member\ncopy_image: role:member")
    book = loaded(files)
    path = files.main if where == "main" else files.directory / "more.yaml"
    files.write(broken, path)
    for _ in range(3):
        assert allows(book, "delete_image")
    (finding,) = book.findings()
    assert str(path) in finding
    assert len([record for record in caplog.records if record.name == "glancepipe.layers.policy.files"]) == 1
    with pytest.raises(ValueError, match=str(path)):
        book.load()
    assert allows(book, "delete_image")


def test_a_repaired_file_is_taken(files):
    files.write("delete_image: role:member")
    book = loaded(files)
    files.write("delete_image: [")
    assert len(list(book.findings())) == 1
    files.write("delete_image: '!'")
    assert not allows(book, "delete_image", {"roles": ["admin"]})
    assert list(book.findings()) == []


def test_a_policy_file_that_is_named_and_not_there_is_reported(files):
    book = loaded(files, "[oslo_policy]\npolicy_file = other.yaml\n")
    (finding,) = book.findings()
    assert "other.yaml" in finding


def test_a_directory_that_can_not_be_listed_is_named(files):
    files.directory.write_text("delete_image")
    with pytest.raises(ValueError, match=str(files.directory)):
        files.book().load()


def test_a_link_that_leads_nowhere_is_named(files):
    files.directory.mkdir()
    path = files.directory / "gone.yaml"
    path.symlink_to(files.folder / "absent.yaml")
    with pytest.raises(ValueError, match=str(path)):
        files.book().load()


def test_two_configurations_have_rules_of_their_own(tmp_path):
    books = []
    for name, text in (("a", "delete_image: '@'"), ("b", "")):
        (tmp_path / name).mkdir()
        files = Files(tmp_path / name)
        files.write(text)
        books.append(loaded(files))
    assert [allows(book, "delete_image") for book in books] == [True, False]


def test_threads_never_see_half_a_rule_set(files):
    """Both rules change together, so a thread that holds one book sees them equal but for the moment between two questions."""
    both = "delete_image: '{0}'\nmodify_image: '{0}'"
    files.write(both.format("@"))
    book = loaded(files)
    errors = []
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            try:
                rules = book._rules
                assert rules["delete_image"].text == rules["modify_image"].text
                book.get("delete_image")
            except BaseException as error:
                errors.append(error)
                return

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for turn in range(20):
        files.write(both.format("@" if turn % 2 else "!"))
        book.look()
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []
