"""The layer in a pipeline, linked as the service links its own."""

import logging

import pytest
from glancepipe_quota_none import QuotaNone

from glancepipe.contract import Call, Caller, ChangeSet, Data, ImageProxy, ImageValues, Layer, Location, Target
from glancepipe.contract.errors import InvalidTransition
from glancepipe.testing import linked

ALICE = Caller(user_id="alice", project_id="red")


def new(pipeline, properties=(), tags=()):
    call = Call("create_image", ALICE)
    values = ImageValues({"owner": "red"}, dict(properties), frozenset(tags))
    return pipeline.nouns.repo.add(call, pipeline.nouns.factory.new_image(call, values))


def test_nothing_is_too_much():
    pipeline = linked(QuotaNone)
    nouns, many = pipeline.nouns, [str(number) for number in range(300)]
    image = new(pipeline, dict.fromkeys(many, "v"), many)
    call = Call("upload_image", ALICE)
    image = nouns.repo.save(call, image, nouns.image.begin_data(call, image, Target()))
    image = nouns.repo.save(call, image, nouns.image.set_data(call, image, Data([b"x" * 1000]), Target()))
    image = nouns.repo.save(call, image, ChangeSet.of(image, locations=tuple(map(Location, many))))
    for member in many:
        nouns.members.add(call, image, member)
    assert (len(image.properties), len(image.tags), len(image.locations)) == (300, 300, 300)
    assert pipeline.layers[-1].reservations == {}


def test_it_says_whose_data_goes_unlimited(caplog):
    caplog.set_level(logging.INFO)
    pipeline = linked(QuotaNone)
    image = new(pipeline)
    pipeline.nouns.image.begin_data(Call("upload_image", ALICE), image, Target())
    assert f"Image {image.id} of project red receives data; no quota applies." in caplog.text


class RefusingImage(ImageProxy["Refusing"]):
    def begin_data(self, call, image, target):
        raise InvalidTransition


class Refusing(Layer):
    name = "refusing"
    image = RefusingImage


def test_what_is_refused_further_in_is_not_said_to_begin(caplog):
    caplog.set_level(logging.INFO)
    pipeline = linked(QuotaNone, Refusing)
    image = new(pipeline)
    with pytest.raises(InvalidTransition):
        pipeline.nouns.image.begin_data(Call("upload_image", ALICE), image, Target())
    assert "no quota applies" not in caplog.text


@pytest.mark.parametrize(("outer", "inner"), [("quota-none", "policy"), ("location", "quota-none")])
def test_it_stands_where_quota_stands(outer, inner):
    other = type("Other", (Layer,), {"name": "policy" if inner == "policy" else "location", "image": RefusingImage})
    with pytest.raises(ValueError, match="'quota-none' must stand"):
        linked(*([QuotaNone, other] if outer == "quota-none" else [other, QuotaNone]))
