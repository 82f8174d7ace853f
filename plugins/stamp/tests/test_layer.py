"""The layer in a pipeline, linked as the service links its own."""

import io
import logging

import pytest
from glancepipe_stamp import Stamp
from oslo_config import cfg

from glancepipe.contract import Call, Caller, Data, Ended, ImageProxy, ImageValues, Layer, Location, replace
from glancepipe.testing import linked

ALICE = Caller(user_id="alice", project_id="red")


def configuration(**options):
    conf = cfg.ConfigOpts()
    conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
    conf.register_opts(Stamp.options["stamp"], group="stamp")
    for name, value in options.items():
        conf.set_override(name, value, group="stamp")
    return conf


def new(pipeline, properties=()):
    call = Call("create_image", ALICE)
    values = ImageValues({"owner": "red"}, dict(properties))
    return pipeline.nouns.repo.add(call, pipeline.nouns.factory.new_image(call, values))


def stored(pipeline, content):
    ends = pipeline.layers[-1]
    image = new(pipeline)
    ends.bytes["ends://x"] = content
    image = ends.images[image.id] = replace(image, size=len(content), locations=(Location("ends://x"),))
    return image


def download(pipeline, image):
    return pipeline.nouns.image.get_data(Call("download_image", ALICE), image)


def test_a_new_image_is_stamped():
    assert new(linked(Stamp), {"a": "b"}).properties == {"a": "b", "stamp": "glancepipe"}


def test_the_operator_says_what_is_stamped_and_callers_can_not_forge_it():
    pipeline = linked(Stamp, conf=configuration(property="origin", value="here"))
    assert new(pipeline, {"origin": "elsewhere"}).properties == {"origin": "here"}


def test_an_empty_property_is_refused_at_start():
    with pytest.raises(ValueError, match="property is empty"):
        linked(Stamp, conf=configuration(property=""))


def test_bytes_are_counted_by_image_as_far_as_they_got(caplog):
    caplog.set_level(logging.INFO)
    pipeline = linked(Stamp)
    first, second = stored(pipeline, b"x" * 10), stored(pipeline, b"y" * 20)
    for image, end in ((first, Ended(10, True)), (first, Ended(4, False)), (second, Ended(20, True))):
        data = download(pipeline, image)
        data.ended(end)
        data.ended(end)  # a server may say so twice
        data.close()
    assert pipeline.layers[0].sent == {first.id: 14, second.id: 20}
    assert f"Image {first.id}: 4 bytes sent, 14 in all; the download broke off." in caplog.text


class FileImage(ImageProxy["File"]):
    def get_data(self, call, image, span=None, prefer=()):
        return Data(size=4, file=self.layer.file)


class File(Layer):
    name = "file"
    image = FileImage
    file = io.BytesIO(b"data")


def test_a_file_stays_a_file():
    pipeline = linked(Stamp, File)
    assert download(pipeline, new(pipeline)).file is File.file


def test_it_stands_outside_the_layers_that_would_hide_calls_from_it():
    class Location(Layer):
        name = "location"
        image = FileImage

    with pytest.raises(ValueError, match="'stamp' must stand before"):
        linked(Location, Stamp)
