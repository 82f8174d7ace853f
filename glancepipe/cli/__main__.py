"""``python -m glancepipe.cli`` is ``glancepipe``."""

import sys

from glancepipe.cli.main import main

sys.exit(main())
