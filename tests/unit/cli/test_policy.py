"""``glancepipe policy explain``: verdict, reasons and exit status. That it says what the API answers: tests/contract/rbac."""

import pytest

from glancepipe.config.loading import load
from glancepipe.contract import SERVICE, Call, ImageValues, Namespace
from glancepipe.operations.create_image import create_image
from glancepipe.operations.create_namespace import create_namespace
from glancepipe.service import make_application

MEMBER = ("--as-user=u", "--as-project=mine", "--as-roles=Member, reader")


@pytest.fixture
def explain(run, tmp_path):
    """Ask about a service that has the image ``image`` of project theirs."""

    def explain(*words, conf=""):
        return run("policy", "explain", *words, conf=f"[DEFAULT]\nstate_path = {tmp_path}\n{conf}")

    explain("--operation=show_usage")  # writes the file
    service = make_application(load(config_files=[str(tmp_path / "glancepipe.conf")]))
    service.start()
    nouns = service.pipeline.nouns
    image = create_image(nouns, Call("create_image", SERVICE), ImageValues({"owner": "theirs", "visibility": "public"}, {"colour": "red"}))
    create_namespace(nouns, Call("create_namespace", SERVICE), Namespace("theirs", owner="theirs"))
    service.close()
    explain.image = f"--image={image.id}"
    return explain


def test_denied_and_why(explain):
    done = explain("--operation=modify_image", explain.image, *MEMBER)
    assert done.status == 1
    assert "the rule modify_image (rule:context_is_admin or (role:member and project_id:%(project_id)s)) refuses modify_image" in done.out
    assert "colour=red" in done.out
    assert "caller: project_id=mine, roles=[member reader]" in done.out
    reasons = [
        "  yes scope project (the token's is project)",
        "  no  any of",
        "  no    rule:context_is_admin",
        "  no      role:admin",
        "  no    all of",
        "  yes     role:member",
        "  no      project_id:%(project_id)s  (%(project_id)s is 'theirs')",
    ]
    assert "\n".join(reasons) in done.out
    assert done.out.splitlines()[-1] == "denied: 403 (You are not authorized to complete modify_image action.)"


def test_allowed(explain):
    done = explain("--operation=modify_image", explain.image, "--as-project=theirs", "--as-roles=member")
    assert (done.status, done.out.splitlines()[-1]) == (0, "allowed")


def test_whether_the_caller_may_know_of_it(explain):
    done = explain("--operation=delete_image", explain.image, "--as-project=mine")
    assert done.status == 1
    assert "the rule get_image" in done.out
    assert done.out.splitlines()[-1].startswith("denied: 404 ")


def test_what_a_change_would_need(explain):
    words = ("--operation=modify_image", explain.image, "--as-project=theirs", "--as-roles=member,reader", "--visibility=public")
    done = explain(*words)
    assert done.status == 1
    assert "the rule publicize_image (rule:context_is_admin) refuses" in done.out


def test_what_layers_without_rules_say(explain):
    done = explain("--operation=modify_image", explain.image, "--as-project=theirs", "--as-roles=member", "--owner=mine")
    assert done.status == 1
    assert done.out.splitlines()[-1] == "denied: 403 (Only an administrator may change the owner of an image.)"


def test_nothing_is_done(explain):
    assert explain("--operation=delete_image", explain.image, "--as-roles=admin").status == 0
    assert explain("--operation=show_image", explain.image, "--as-roles=admin").status == 0


@pytest.mark.parametrize(
    ("words", "status", "rule"),
    [
        (("--operation=create_image", *MEMBER), 0, "add_image"),
        (("--operation=create_image", "--visibility=public", *MEMBER), 1, "publicize_image"),
        (("--operation=create_image", "--owner=theirs", *MEMBER), 1, ""),
        (("--operation=list_images", *MEMBER), 0, "get_images"),
        (("--operation=list_images", "--as-roles=admin", "--as-scope=system"), 1, "get_images"),
        (("--operation=show_namespace", "--namespace=theirs", *MEMBER), 1, "get_metadef_namespace"),
        (("--operation=create_namespace", *MEMBER), 1, "add_metadef_namespace"),
        (("--operation=delete_tag", "--namespace=theirs", "--as-roles=admin"), 0, "delete_metadef_tag"),
        (("--operation=show_usage", *MEMBER), 0, ""),
    ],
)
def test_what_is_not_about_an_image(explain, words, status, rule):
    done = explain(*words)
    assert done.status == status
    assert rule in done.out


def test_the_rules_are_those_of_the_operator(explain, tmp_path):
    (tmp_path / "policy.yaml").write_text("modify_image: role:member and not project_id:%(nowhere)s\n")
    done = explain("--operation=modify_image", explain.image, *MEMBER, conf=f"[oslo_policy]\npolicy_file = {tmp_path}/policy.yaml\n")
    reasons = ["  yes   role:member", "  yes   not", "  no      project_id:%(nowhere)s  (the target has no 'nowhere')"]
    assert "\n".join(reasons) in done.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--operation=modify_imag",), "There is no operation 'modify_imag'; did you mean 'modify_image'?"),
        (("--operation=sweep",), "There is no operation 'sweep'"),
        (("--operation=show_image",), "say by --image what it is about"),
        (("--operation=show_namespace",), "say by --namespace what it is about"),
        (("--operation=show_image", "--image=nowhere"), "No image found with ID nowhere"),
        (("--operation=show_namespace", "--namespace=nowhere"), "nowhere"),
        ((), "--operation"),
        (("--operation=show_usage", "--as-scope=galaxy"), "galaxy"),
    ],
)
def test_questions_that_can_not_be_answered(explain, words, sentence):
    done = explain(*words)
    assert done.status == 2
    assert sentence in done.err
    assert "denied" not in done.out


def test_a_broken_configuration_is_no_denial(explain):
    done = explain("--operation=show_usage", conf="[pipeline]\nlayers = quotta\n")
    assert done.status == 2
    assert "quotta" in done.err


def test_a_database_that_is_away_is_no_denial(explain):
    done = explain("--operation=show_usage", conf="[database]\nconnection = postgresql+psycopg://nobody@127.0.0.1:1/nowhere\n")
    assert done.status == 2
    assert "The database is not available" in done.err
