"""The layer in a pipeline, and in a whole service."""

import os
import subprocess
from pathlib import Path

import pytest
from glancepipe_location_encryption import LocationEncryption
from glancepipe_location_encryption.seal import Seal
from hypothesis import given
from hypothesis import strategies as st
from oslo_config import cfg

from glancepipe.contract import SERVICE, Call, Caller, Change, ChangeSet, Data, Image, Intent, Location, Target
from glancepipe.contract.errors import StoreError
from glancepipe.contract.query import ImageQuery
from glancepipe.testing import linked

ALICE = Caller(user_id="alice", project_id="red")
KEY = "0123456789abcdef"


class Encryption(LocationEncryption):
    """Without the layer location, which would declare the option."""

    requires = frozenset()
    options = {"DEFAULT": [cfg.StrOpt("metadata_encryption_key", default=KEY)]}


@pytest.fixture
def pipeline():
    return linked(Encryption)


def call(name="upload_image"):
    return Call(name, ALICE)


def uploaded(pipeline):
    image = pipeline.nouns.repo.add(call(), Image("one", owner="red"))
    return pipeline.nouns.repo.save(call(), image, pipeline.nouns.image.set_data(call(), image, Data([b"x"]), Target()))


def kept(pipeline):
    return [location.url for location in pipeline.layers[-1].images["one"].locations]


@given(st.text(), st.sampled_from([16, 24, 32]))
def test_what_is_sealed_can_be_opened_and_not_be_read(text, length):
    seal = Seal("k" * length)
    sealed = seal.close(text)
    assert seal.open(sealed) == text
    assert seal.close(text) != sealed


@pytest.mark.parametrize(
    "sealed",
    ["", "x", "AAAA", "é", Seal("z" * 16).close("file:///images/" + "x" * 99)],
    ids=["nothing", "short", "base64", "no ascii", "of another key"],
)
def test_what_is_not_sealed_with_the_key(sealed):
    with pytest.raises(ValueError, match="not sealed with this key"):
        Seal(KEY).open(sealed)


def test_the_database_never_sees_a_url(pipeline):
    image = uploaded(pipeline)
    (url,) = [location.url for location in image.locations]
    assert "://" in url
    assert url not in str(pipeline.layers[-1].images)
    assert pipeline.nouns.repo.get(call(), "one").locations == image.locations
    assert pipeline.nouns.repo.list(call(), ImageQuery()).rows[0].locations == image.locations
    assert pipeline.nouns.repo.claim(call(), image, "task").locations == image.locations


def test_what_does_not_change_is_not_written_again(pipeline):
    image = uploaded(pipeline)
    more = (*image.locations, Location("rbd://pool/more"))
    seen = []
    inner = pipeline.layers[-2].repo(pipeline.layers[-2], _Recording(seen))
    inner.save(call(), image, ChangeSet({"locations": Change(image.locations, more)}))
    change = seen[0].base["locations"]
    assert change.old == change.new[:1]
    assert "rbd" not in str(change)


class _Recording:
    def __init__(self, seen):
        self.save = lambda call, image, changes: seen.append(changes) or image


def test_another_key_is_an_error_and_no_garbage(pipeline):
    image = uploaded(pipeline)
    pipeline.layers[0]._seal = Seal("f" * 32)
    with pytest.raises(StoreError, match="another key"):
        pipeline.nouns.repo.get(call(), image.id)


def test_urls_from_before_the_key_are_read(pipeline):
    pipeline.layers[-1].images["one"] = Image("one", owner="red", locations=(Location("file:///old"),))
    assert pipeline.nouns.repo.get(call(), "one").locations == (Location("file:///old"),)


def test_the_journal_is_sealed_too(pipeline):
    nouns, ends = pipeline.nouns, pipeline.layers[-1]
    image = uploaded(pipeline)
    intent = Intent("1", "erase", image.id, {"locations": [["rbd://secret", {}]]})
    nouns.journal.begin(call(), intent)
    nouns.repo.save(call(), image, ChangeSet.of(image, name="n").beginning(Intent("2", "erase", image.id, {"url": "rbd://secret"})))
    assert "secret" not in str(ends.intents)
    ends.abandoned |= {"1", "2"}
    adopted = nouns.journal.adopt(Call("sweep", SERVICE), "erase")
    assert [entry.details for entry in adopted] == [intent.details, {"url": "rbd://secret"}]


def test_entries_from_before_the_key_are_read(pipeline):
    pipeline.layers[-1].intents["1"] = Intent("1", "erase", "one", {"url": "rbd://old"})
    pipeline.layers[-1].abandoned.add("1")
    (entry,) = pipeline.nouns.journal.adopt(Call("sweep", SERVICE), "erase")
    assert entry.details == {"url": "rbd://old"}


@pytest.mark.parametrize("key", ["", "short", "x" * 17])
def test_a_key_that_can_not_be_used(key):
    conf = cfg.ConfigOpts()
    conf.register_opts([cfg.StrOpt("metadata_encryption_key", default=key)])
    conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
    with pytest.raises(ValueError, match="16, 24 or 32"):
        LocationEncryption(conf)


@pytest.mark.skipif("GLANCE_VENV" not in os.environ, reason="set GLANCE_VENV to an environment with Glance to compare with it")
def test_glance_opens_what_is_sealed_here_and_the_other_way_round():
    python = Path(os.environ["GLANCE_VENV"], "bin/python")
    text = "swift+https://account:pässword@there/container/object"
    program = (
        "import sys; from glance.common import crypt; k, s, t = sys.argv[1:];"
        "print(crypt.urlsafe_decrypt(k, s)); print(crypt.urlsafe_encrypt(k, t))"
    )
    done = subprocess.run([python, "-c", program, KEY, Seal(KEY).close(text), text], capture_output=True, text=True, check=True)
    opened, sealed = done.stdout.splitlines()
    assert opened == text
    assert Seal(KEY).open(sealed) == text
