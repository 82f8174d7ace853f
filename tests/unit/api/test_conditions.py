"""Conditions of downloads (FEATURES 12-15)."""

import pytest

from glancepipe.api.conditions import is_current, is_known, validators
from glancepipe.contract import Image

IMAGE = Image("an-image", checksum="abc", os_hash_value="def")


def test_the_best_digest_is_the_tag():
    assert validators(IMAGE) == {"Accept-Ranges": "bytes", "ETag": '"def"'}
    assert validators(Image("an-image", checksum="abc"))["ETag"] == '"abc"'
    assert "ETag" not in validators(Image("an-image"))


@pytest.mark.parametrize(
    ("given", "known"),
    [(None, False), ("", False), ('"def"', True), ('W/"def"', True), ('"x" , "def"', True), ('"x"', False), ("def", False), ("*", True)],
)
def test_what_the_client_has(given, known):
    assert is_known(given, IMAGE) is known


def test_without_a_digest_nothing_is_known():
    assert not is_known("*", Image("an-image"))


@pytest.mark.parametrize(
    ("given", "current"), [(None, True), ('"def"', True), ('W/"def"', False), ('"x"', False), ("Wed, 25 Nov 2026 20:00:00 GMT", False)]
)
def test_a_part_of_what_the_client_has(given, current):
    assert is_current(given, IMAGE) is current
