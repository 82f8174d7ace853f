"""POST /v2/images/{image_id}/locations: the data of a queued image lies somewhere already."""

from collections.abc import Mapping

from glancepipe.contract import Call, ChangeSet, Intent, Location, Nouns, Status
from glancepipe.contract.errors import Conflict
from glancepipe.tasks.entries import entry_of

TASK = "location_import"


def add_location(nouns: Nouns, call: Call, image_id: str, url: str, digests: Mapping[str, str]) -> Intent:
    """Record where the data is, and what its digests are said to be. Answers the journal entry of the task that remains.

    Raises ImageNotFound, Forbidden, Conflict (not queued), Invalid, LimitExceeded, StoreError (FEATURES 4.6-02).
    """
    image = nouns.repo.get(call, image_id)
    if image.status != Status.QUEUED:
        raise Conflict(f"No location can be added to an image in status '{image.status}'.")
    task = nouns.tasks.new_task(call, TASK, {"image_id": image.id, "loc_url": url, "validation_data": dict(digests)}, image)
    entry = entry_of(call, task)
    # The only one: what an earlier attempt may have left on the record is not the image's data.
    changes = ChangeSet.of(image, locations=(Location(url),), **digests)
    nouns.repo.save(call, image, changes.beginning(entry))
    try:
        nouns.tasks.add(call, task)
    except BaseException:
        # The next sweep goes on with it.
        nouns.journal.let_go(call, entry.id)
        raise
    return entry
