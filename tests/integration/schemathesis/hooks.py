"""What schemathesis has to be told: changes of an image are JSON under other names."""

import schemathesis

from glancepipe.api.patches import MEDIA_TYPES

schemathesis.serializer.alias(list(MEDIA_TYPES), "application/json")
