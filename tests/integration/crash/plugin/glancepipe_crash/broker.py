"""A broker that outlives the workers: a file with a line for each notification, and a step before and after it is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from oslo_messaging.notify.notifier import Driver

from glancepipe_crash.steps import Steps


class Broker(Driver):
    """The driver ``crash``."""

    def notify(self, ctxt: dict[str, Any], message: dict[str, Any], priority: str, retry: int) -> None:
        steps = Steps(self.conf, "broker:")
        with steps.around(message["event_type"]), open(Path(self.conf.crash.directory) / "heard", "a") as heard:
            heard.write(json.dumps([message["event_type"], message["payload"], ctxt]) + "\n")
