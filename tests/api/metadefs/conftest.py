"""Namespaces of a test's own in the service that tests share."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

NAMESPACES = "/v2/metadefs/namespaces"


@pytest.fixture
def name() -> str:
    """A name that no namespace has."""
    return f"Test::{uuid.uuid4().hex}"


@pytest.fixture
def path(name: str) -> str:
    """The path of the namespace of that name."""
    return f"{NAMESPACES}/{name}"


@pytest.fixture
def make(admin: Any, name: str) -> Any:
    """Make the namespace, by an administrator; answers its document."""

    def made(**values: Any) -> dict[str, Any]:
        answer = admin("POST", NAMESPACES, document={"namespace": name, **values})
        assert answer.status == 201, answer.text
        return answer.json  # type: ignore[no-any-return]

    return made
