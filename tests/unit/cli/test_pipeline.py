"""What ``pipeline show`` and ``pipeline check`` say."""

import re

import pytest

LINE = "auth, notifier, policy, quota, location, domain, db"


def test_check_good(run):
    done = run("pipeline", "check")
    assert (done.status, done.out) == (0, f"The pipeline is good: {LINE}.\n")


@pytest.mark.parametrize(
    ("conf", "sentence"),
    [
        ("[pipeline]\nlayers = auth, quotta, db\n", r"\[pipeline\] layers = .*'quotta'.* did you mean 'quota'"),
        ("[pipeline]\nlayers = auth, auth, db\n", r"'auth' is listed 2 times"),
        ("[wsgi]\nmiddleware = cors, corsage\n", r"\[wsgi\] middleware = cors, corsage: there is no middleware 'corsage'"),
        ("[api]\nauth_strategy = trust\n", r"\[api\] auth_strategy .* can't be used"),
        ("[DEFAULT]\nenabled_backends = a:file\n", r"default_backend is not set"),
        ("[DEFAULT]\nenabled_backends = a:floppy\n[glance_store]\ndefault_backend = a\n", r"'floppy'"),
        ("[oslo_policy]\npolicy_file = /nowhere/policy.yaml\n", None),
    ],
)
def test_check_finds(run, conf, sentence):
    done = run("pipeline", "check", conf=conf)
    if sentence is None:
        assert done.status == 0
        return
    assert done.status == 1
    assert done.out == ""
    assert re.search(sentence, done.err)
    assert done.err.count("\n") == 1


def test_check_reads_the_policy_file(run, tmp_path):
    policy = tmp_path / "policy.yaml"
    policy.write_text('"get_image": "role:reader"\n')
    conf = f"[oslo_policy]\npolicy_file = {policy}\n"
    assert run("pipeline", "check", conf=conf).status == 0
    policy.write_text('"get_image": [[[\n')
    done = run("pipeline", "check", conf=conf)
    assert done.status == 1
    assert "policy.yaml" in done.err


def test_check_has_no_effect_but_a_rehearsal_finds_more(run, tmp_path):
    conf = "[oslo_messaging_notifications]\ndriver = pigeon\n"
    assert run("pipeline", "check", conf=conf).status == 0
    assert not (tmp_path / "state").exists()
    done = run("pipeline", "check", "--rehearse", conf=conf)
    assert done.status == 1
    assert "pigeon" in done.err
    assert done.err.count("\n") == 1


def test_rehearsal_forgives_what_is_only_away(run):
    done = run("pipeline", "check", "--rehearse", conf="[database]\nconnection = postgresql+psycopg://nobody@127.0.0.1:1/nothing\n")
    assert done.status == 0


def test_show_everything(run):
    done = run("pipeline", "show")
    assert done.status == 0
    assert done.out.startswith(f"[pipeline] layers = {LINE}\n")
    assert re.search(r"^repo +auth > notifier > policy > .* > db$", done.out, re.MULTILINE)
    assert "\nimage.set_data  " in done.out


@pytest.mark.parametrize("verb", ["image.set_data", "set_data"])
def test_show_one_verb(run, verb):
    done = run("pipeline", "show", verb)
    assert done.status == 0
    head, *rows = done.out.strip().splitlines()
    assert head.startswith("image.set_data  ")
    assert [row.split()[0] for row in rows][-1] == "location"
    assert " (ends) " in rows[-1]
    assert all(re.search(r"\.py:\d+ +\S", row) for row in rows)


def test_show_unknown_verb(run):
    done = run("pipeline", "show", "set_dato")
    assert done.status == 1
    assert "did you mean 'set_data'" in done.err
