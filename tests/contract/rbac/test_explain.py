"""``glancepipe policy explain`` says what the API answers (FEATURES 7.2): the matrix once more, asked both ways."""

import importlib.util
from pathlib import Path

import pytest

from glancepipe.api.errors import status_of
from glancepipe.cli.asking import Asked, verdict
from glancepipe.cli.judging import judging
from glancepipe.config.loading import load
from glancepipe.contract import Call
from glancepipe.contract.call import with_admin
from glancepipe.service import make_application

HERE = Path(__file__).parent
CONF = "[DEFAULT]\nstate_path = HOME\n[api]\nauth_strategy = headers\n"
QUESTIONS = {
    "create_image": {},
    "list_images": {},
    "show_image": {},
    "modify_image name": {},
    "modify_image public": {"visibility": "public"},
    "modify_image owner": {"owner": "elsewhere"},
    "delete_image": {},
    "upload_image": {},
    "download_image deactivated": {},
    "deactivate": {},
    "reactivate": {},
    "add_tag": {},
    "list_members": {},
    "show_member": {},
    "add_member": {},
    "modify_member": {},
    "delete_member": {},
    "list_tasks": {},
    "show_usage": {},
    "list_image_tasks": {},
    "list_namespaces": {},
    "create_namespace": {},
    "show_namespace": {},
    "modify_namespace": {},
    "create_object": {},
    "delete_tag": {},
    "list_associations": {},
    "associate": {},
    "dissociate": {},
}
"""Operations of the matrix, and the values that explain is told."""


def _module(name):
    spec = importlib.util.spec_from_file_location(f"rbac_{name}", HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


matrix, recording = _module("matrix"), _module("record")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A service that can be asked, and the layers that judge for the same configuration."""
    home = tmp_path_factory.mktemp("explain")
    (home / "glancepipe.conf").write_text(CONF.replace("HOME", str(home)))
    service = make_application(load(config_files=[str(home / "glancepipe.conf")]))
    service.start()
    with judging(load(config_files=[str(home / "glancepipe.conf")])) as pipeline:
        yield matrix.Playing(recording.sender(service)), pipeline.nouns
    service.close()


def callers():
    """Who the headers of the matrix are to the service, by the middleware that reads them."""
    from glancepipe.middleware.auth import _caller

    for headers in matrix.ROLES.values():
        yield _caller({f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()})


def about(question, kind, thing):
    """What explain is told of the same."""
    name, values = question.split()[0], QUESTIONS[question]
    if name in ("create_image", "create_namespace"):
        own = kind.relation == "own"
        return Asked(values={"visibility": kind.visibility} | ({} if own else {"owner": matrix.OWNERS[kind.relation]}))
    member = "new" if name == "add_member" else matrix._member(kind)
    on_image = matrix.OPERATIONS[question].kinds is matrix.IMAGES
    return Asked(image=thing, member=member, values=values) if on_image else Asked(namespace=thing)


@pytest.mark.parametrize("question", QUESTIONS)
def test_it_says_what_the_api_answers(both, question):
    (playing, nouns), name, asked = both, question.split()[0], matrix.OPERATIONS[question]
    for kind in asked.kinds:
        thing = None
        for who, caller in zip(matrix.ROLES.values(), callers(), strict=True):
            thing = thing or asked.make(playing, kind)
            call = Call(name, with_admin(caller, nouns.authority.is_admin(caller)))
            refusal = verdict(nouns, call, about(question, kind, thing))
            said = "passed" if refusal is None else str(status_of(refusal, name))
            answer = asked.ask(playing, who, kind, thing)
            assert said == (answer if answer in ("401", "403", "404") else "passed"), (kind, caller)
            if not answer.startswith("4"):
                thing = None
