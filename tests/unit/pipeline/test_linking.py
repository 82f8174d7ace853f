"""Linking: a verb goes straight to the nearest layer that acts on it; the others cost nothing and leave no trace."""

import traceback
from pathlib import Path

import pytest

from glancepipe.contract import SERVICE, Call, Finding, ImageProxy, ImageRepoProxy, Layer, Services
from glancepipe.contract.errors import ImageNotFound
from glancepipe.pipeline import PipelineError
from glancepipe.pipeline.inspecting import acts, meaning, onion
from glancepipe.testing import linked


class GetRepo(ImageRepoProxy):
    """Marks what it sees."""

    def get(self, call, image_id):
        """Notes the layer's name, then goes on."""
        call.memo("trace").setdefault("names", []).append(self.layer.name)
        return self.inner.get(call, image_id)


class DeactivateImage(ImageProxy):
    """Acts on something else."""

    def deactivate(self, call, image):
        return self.inner.deactivate(call, image)


class Outer(Layer):
    name = "outer"
    repo = GetRepo


class Silent(Layer):
    name = "silent"
    image = DeactivateImage


class Inner(Layer):
    name = "inner"
    repo = GetRepo


def test_silent_layers_add_no_frame():
    pipeline = linked(Outer, Silent, Silent2, Inner)
    call = Call("show_image", SERVICE)
    with pytest.raises(ImageNotFound) as caught:
        pipeline.nouns.repo.get(call, "nope")
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames == [frames[0], "get", "get", "get"]  # the test, outer, inner, ends
    assert call.memo("trace")["names"] == ["outer", "inner"]
    assert pipeline.nouns.repo.get.__self__.layer.name == "outer"
    assert pipeline.nouns.repo.list.__self__.layer.name == "ends"  # straight to the end: not one frame between


class Silent2(Layer):
    name = "silent2"
    image = DeactivateImage


def test_a_layer_reaches_all_nouns_below_its_own_place_and_none_above():
    pipeline = linked(Outer, Silent, Inner)
    outer, silent, inner, ends = pipeline.layers
    assert silent.inner.repo.get.__self__.layer is inner
    assert inner.inner.repo.get.__self__.layer is ends
    assert outer.inner.image.deactivate.__self__.layer is silent
    with pytest.raises(RuntimeError, match=r"repo\.get was passed on inwards by the layer that ends it"):
        ends.inner.repo.get(Call("show_image", SERVICE), "x")


def test_two_pipelines_in_one_process_share_nothing():
    first, second = linked(Outer), linked(Outer)
    first.layers[-1].images["x"] = "image"
    assert second.layers[-1].images == {}
    assert first.nouns.repo.get.__self__ is not second.nouns.repo.get.__self__


def test_inspection_lists_who_acts_outermost_first():
    pipeline = linked(Outer, Silent, Inner)
    listing = acts(pipeline.layers)["repo.get"]
    assert [act.layer for act in listing] == ["outer", "inner", "ends"]
    assert [act.ends for act in listing] == [False, False, True]
    assert listing[0].summary == "Notes the layer's name, then goes on."
    assert acts(pipeline.layers)["image.deactivate"][0].summary == "Acts on something else."
    file, line = listing[0].place.rsplit(":", 1)
    assert "def get" in Path(file).read_text().splitlines()[int(line) - 1]
    assert onion(pipeline.layers)["image"] == ["silent", "ends"]
    assert meaning("repo.get") == "The image's record. Raises ImageNotFound, Forbidden."
    with pytest.raises(KeyError):
        meaning("repo.nothing")


class Life(Layer):
    name = "life"
    image = DeactivateImage
    events = []
    fails = None

    def start(self, services):
        self.events.append("start")
        if self.fails:
            raise self.fails

    def sweep(self, call):
        self.events.append(call.operation.name)
        raise OSError("not this time")

    def reload(self):
        raise ValueError("line 3 is no YAML.")

    def check(self):
        return [Finding("all is well")]

    def close(self):
        self.events.append("close")


@pytest.fixture
def life(monkeypatch):
    monkeypatch.setattr(Life, "events", [])
    return linked(Outer, Life)


def test_life_of_a_layer(life, caplog):
    life.start(Services(stores=None))
    life.sweep()  # a failing sweep is logged, the next one tries again
    assert "The layer life could not sweep" in caplog.text
    assert list(life.check()) == [Finding("all is well")]
    with pytest.raises(PipelineError, match=r"The layer 'life' refuses to reload: line 3 is no YAML\."):
        life.reload()
    life.close()
    life.close()
    assert Life.events == ["start", "sweep", "close"]
    assert life.line == "outer, life, ends"


@pytest.mark.parametrize(("error", "raised"), [(ValueError("no such file"), PipelineError), (OSError("gone"), OSError)])
def test_a_layer_that_cannot_start_closes_what_was_started(life, monkeypatch, error, raised):
    monkeypatch.setattr(Life, "fails", error)
    with pytest.raises(raised):
        life.start(Services(stores=None))
    assert Life.events == ["start", "close"]
