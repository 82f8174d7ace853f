"""Every mistake in the line stops the start with one sentence that names the line and the remedy (DESIGN 2)."""

import pytest
from oslo_config import cfg

from glancepipe.pipeline import PipelineError, build
from glancepipe.pipeline.loading import load_plugins

HEAD = """
from oslo_config import cfg
from glancepipe.contract import *
from glancepipe.testing import Ends

class Pass(ImageProxy):
    def get_data(self, call, image, span=None, prefer=()):
        return self.inner.get_data(call, image, span, prefer)

class Hides(ImageRepoProxy):
    def get(self, call, image_id):
        raise KeyError(image_id)
"""


@pytest.fixture
def refused(conf, distribution):
    """The sentence with which a line is refused, given the code of its layers."""
    distribution("gp-ends", HEAD, ends="gp_ends:Ends")

    def refused(line, code="", **layers):
        if code:
            distribution("gp-plugin", HEAD + code, **{name: f"gp_plugin:{cls}" for name, cls in layers.items()})
        conf.set_override("layers", line.split(", ") if line else [], group="pipeline")
        with pytest.raises(PipelineError) as caught:
            build(conf)
        sentence = str(caught.value)
        assert "\n" not in sentence
        assert f"[pipeline] layers = {line}" in sentence or "The layer" in sentence
        return sentence

    return refused


def test_empty_line(refused):
    assert "the line is empty" in refused("")


def test_unknown_layer(refused):
    assert "there is no layer 'endz'; did you mean 'ends'?" in refused("endz")


def test_unknown_layer_that_resembles_nothing(refused):
    assert "installed are" in refused("ends, qqqqqqqq")


def test_listed_twice(refused):
    assert "the layer 'ends' is listed 2 times; list it once" in refused("ends, ends")


def test_import_fails(refused):
    sentence = refused("boom, ends", "import no_such_module", boom="Boom")
    assert "'boom' (gp_plugin:Boom) can't be imported: ModuleNotFoundError: No module named 'no_such_module'; repair" in sentence


def test_two_distributions_claim_one_name(refused, distribution):
    distribution("gp-rival", HEAD, ends="gp_rival:Ends")
    assert "'ends' is claimed by gp-ends (gp_ends:Ends) and gp-rival (gp_rival:Ends); uninstall" in refused("ends")


def test_not_a_layer(refused):
    assert "is no layer: its entry point must name a subclass" in refused("thing, ends", "thing = 3", thing="thing")


def test_name_differs_from_entry_point(refused):
    assert "calls itself 'other'" in refused("mine, ends", "class L(Layer):\n    name = 'other'\n    image = Pass", mine="L")


@pytest.mark.parametrize("version", ["(2, 0)", "(0, 9)", "(1, 99)"])
def test_foreign_contract(refused, version):
    code = f"class L(Layer):\n    name = 'l'\n    contract = {version}\n    image = Pass"
    assert "is written for contract" in refused("l, ends", code, l="L")


def test_overrides_nothing(refused):
    assert "overrides nothing, so it would do nothing" in refused("l, ends", "class L(Layer):\n    name = 'l'", l="L")


def test_noun_that_overrides_no_verb(refused):
    code = "class P(ImageProxy):\n    pass\nclass L(Layer):\n    name = 'l'\n    image = P"
    assert "declares image = P, which overrides no verb" in refused("l, ends", code, l="L")


def test_proxy_of_the_wrong_noun(refused):
    assert "is no ImageRepoProxy" in refused("l, ends", "class L(Layer):\n    name = 'l'\n    repo = Pass", l="L")


def test_ends_what_it_does_not_override(refused):
    code = "class L(Layer):\n    name = 'l'\n    image = Pass\n    ends = frozenset({'image.set_data'})"
    assert "declares that it ends image.set_data, but does not override it" in refused("l, ends", code, l="L")


def test_verb_that_nobody_ends(refused):
    code = "class L(Layer):\n    name = 'l'\n    image = Pass"
    assert "nobody ends the verb factory.new_image (no layer acts on it); add the layer that does, as a rule 'domain'" in refused(
        "l", code, l="L"
    )


def test_verb_that_is_passed_on_to_nobody(refused):
    code = "class L(Ends):\n    name = 'l'\n    ends = Ends.ends - {'repo.get'}"
    assert "nobody ends the verb repo.get ('l' passes it on inwards and nobody is there)" in refused("l", code, l="L")


def test_end_that_hides_an_inner_layer(refused):
    code = "class L(Layer):\n    name = 'l'\n    repo = Hides\n    ends = frozenset({'repo.get'})"
    assert "'l' ends repo.get, so 'ends' further in would never see it" in refused("l, ends", code, l="L")


@pytest.mark.parametrize(
    ("declaration", "line", "sentence"),
    [
        ("after = frozenset({'ends'})", "l, ends", "'l' must stand after (inside) 'ends'; move it behind 'ends'"),
        ("before = frozenset({'ends'})", "ends, l", "'l' must stand before (outside) 'ends'; move it in front of 'ends'"),
        ("requires = frozenset({'sealing-wax'})", "l, ends", "'l' requires 'sealing-wax', which is not in the line; add it"),
    ],
)
def test_wrong_order(refused, declaration, line, sentence):
    assert sentence in refused(line, f"class L(Layer):\n    name = 'l'\n    image = Pass\n    {declaration}", l="L")


def test_option_that_another_layer_declares_differently(refused):
    code = """
class L(Layer):
    name = 'l'
    image = Pass
    options = {'stamp': [cfg.StrOpt('value')]}
class M(Layer):
    name = 'm'
    image = Pass
    options = {'stamp': [cfg.IntOpt('value', default=3)]}
"""
    assert "the layer 'm' declares the option 'value', which another one declares differently" in refused("l, m, ends", code, l="L", m="M")


def test_option_value_that_cannot_be_meant(refused):
    code = """
class L(Layer):
    name = 'l'
    image = Pass
    def __init__(self, conf):
        raise ValueError('[l] colour = mauve is no colour; use red.')
"""
    assert refused("l, ends", code, l="L") == "The layer 'l' can't be configured: [l] colour = mauve is no colour; use red."


def test_the_sentence_names_the_file(tmp_path, distribution):
    file = tmp_path / "glancepipe.conf"
    file.write_text("[pipeline]\nlayers = nothing\n")
    conf = cfg.ConfigOpts()
    conf.register_opts([cfg.ListOpt("layers")], group="pipeline")
    conf(["--config-file", str(file)], project="glancepipe")
    with pytest.raises(PipelineError, match=str(file)):
        build(conf)


def test_good_plugins_load_in_the_order_of_the_line(distribution):
    distribution("gp-two", "A = 1\nB = 2", a="gp_two:A", b="gp_two:B")
    assert load_plugins("glancepipe.layers", ["b", "a"]) == [2, 1]
