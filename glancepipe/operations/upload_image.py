"""PUT /v2/images/{image_id}/file: the image's data."""

import logging

from glancepipe.contract import Call, ChangeSet, Data, Image, Nouns, Status, Target, replace
from glancepipe.contract.errors import Gone, ImageNotFound, StatusChanged

log = logging.getLogger(__name__)


def upload_image(nouns: Nouns, call: Call, image_id: str, data: Data, target: Target) -> Image:
    """Store ``data`` as the image's; on any failure the image is queued again and can be uploaded anew.

    Raises Invalid, InvalidTransition, Conflict (another upload was first), LimitExceeded, UnsupportedContent,
    StoreError, ClientDisconnected, and Gone if the image was deleted or changed meanwhile (FEATURES 1.6).
    """
    target = replace(target, size=data.size)
    image = nouns.repo.get(call, image_id)
    saving = nouns.repo.save(call, image, nouns.image.begin_data(call, image, target))
    try:
        return nouns.repo.save(call, saving, nouns.image.set_data(call, saving, data, target))
    except BaseException as error:
        _queue_again(nouns, call, saving, error)
        raise


def _queue_again(nouns: Nouns, call: Call, image: Image, error: BaseException) -> None:
    try:
        nouns.repo.save(call, image, ChangeSet.of(image, status=Status.QUEUED))
    except (StatusChanged, ImageNotFound):
        raise Gone from error
    except Exception:
        # The journal knows of the upload: the sweep queues the image again.
        log.exception("Image %s stays in %s until the next sweep.", image.id, image.status)
