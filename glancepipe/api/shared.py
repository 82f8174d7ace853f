"""What all handlers share: made once when the service is built, never changed afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from glancepipe.api.queries import Paging
from glancepipe.api.validation import Checks
from glancepipe.api.views import ImageView
from glancepipe.contract import Nouns, Stores
from glancepipe.tasks.runner import Runner


@dataclass(frozen=True, slots=True)
class Shared:
    """``schemas`` are encoded documents by name, ``description`` makes that of the API; ``json_limit`` is in bytes."""

    nouns: Nouns
    stores: Stores
    runner: Runner
    view: ImageView
    checks: Checks
    paging: Paging
    schemas: dict[str, bytes]
    description: Callable[[], bytes]
    import_methods: tuple[str, ...]
    locations_shown: bool
    json_limit: int
    patch_limit: int
