"""How events leave: taken at once, sent in order by a thread of its own. Part of the layer ``notifier``.

No request ever waits for a broker. A letter that the journal knows of is settled there once it has been sent, so what a
worker could not send before it died is sent by another one.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from glancepipe.layers.notifier.payloads import Payload

log = logging.getLogger(__name__)

CAPACITY = 10_000
"""Letters of a worker that wait for the broker at most; what comes on top is lost, so that a dead broker eats no memory."""
PATIENCE = 5.0
"""Seconds that a worker gives its last events to leave when it ends; after so long the health check tells that they wait."""
PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before an event that the broker did not take is tried again: at first, and at most."""
GRACE = 0.5
"""Seconds that the thread gets to notice that it is over."""
LINGER = 0.2
"""Seconds that a letter that was sent waits for others, to be settled together with them."""


class Event(NamedTuple):
    """One notification."""

    priority: str
    type: str
    payload: Payload


@dataclass(slots=True)
class Letter:
    """The events of one change, in their order. ``entry`` is the id of the journal's entry with them, if there is one."""

    events: list[Event] = field(default_factory=list)
    entry: str | None = None
    redelivered: bool = False
    """Whether they may have been sent before."""

    def context(self, place: int) -> Context:
        """What goes with the event at ``place``, beside its payload."""
        if self.entry is None:
            return Context()
        return Context(event_id=f"{self.entry}/{place}", redelivered=self.redelivered)


class Context(dict[str, Any]):
    """A context that may be shown: oslo.messaging drops one that does not say so."""

    def redacted_copy(self) -> dict[str, Any]:
        """All of it."""
        return dict(self)


def new_entry() -> str:
    """An id for an entry of the journal: those that one worker makes later are greater."""
    return f"{time.time_ns():020}/{uuid.uuid4().hex}"


class Failures:
    """The error of the last event that a transport could not send: oslo.messaging only logs it."""

    def __init__(self, transport: Any) -> None:
        self._error: Exception | None = None
        self._inner = transport._send_notification
        transport._send_notification = self._send

    def take(self) -> Exception | None:
        """The error, once."""
        error, self._error = self._error, None
        return error

    def _send(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return self._inner(*args, **kwargs)
        except (TypeError, ValueError):
            raise  # such an event can't be sent, however often one tries
        except Exception as error:
            self._error = error
            raise


class Sender:
    """Letters on their way to the broker. ``settle`` strikes sent ones out of the journal."""

    def __init__(self, notifier: Any, transport: Any, settle: Callable[[Sequence[str]], None]) -> None:
        self.lost = 0
        """Events that were not even taken, since too many letters are waiting."""
        self._notifier = notifier
        self._transport = transport
        self._settle = settle
        self._failures = Failures(transport)
        self._unsettled: list[str] = []
        self._due = 0.0
        self._since: float | None = None
        self._closing = threading.Event()
        self._letters: queue.Queue[Letter | None] = queue.Queue(CAPACITY)
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
        self._thread.start()

    @property
    def room(self) -> bool:
        """Whether one more letter would be taken."""
        return not self._letters.full()

    @property
    def waiting(self) -> int:
        """How many letters wait because the broker has not taken the first of them for a while."""
        since = self._since
        return self._letters.qsize() + 1 if since is not None and time.monotonic() - since > PATIENCE else 0

    def put(self, letter: Letter) -> bool:
        """Take a letter; False if too many are waiting."""
        try:
            self._letters.put_nowait(letter)
        except queue.Full:
            return False
        return True

    def lose(self, letter: Letter) -> None:
        """Say that a letter was not taken."""
        if not self.lost:
            log.error("Notifications are being lost: %d are waiting for the broker already.", CAPACITY)
        self.lost += len(letter.events)

    def close(self) -> None:
        """Send what is waiting, then stop; gives up after PATIENCE."""
        with suppress(queue.Full):
            self._letters.put(None, timeout=PATIENCE)
            self._thread.join(PATIENCE)
        waiting = self._letters.qsize()
        self._closing.set()
        self._thread.join(GRACE)
        if waiting or self._thread.is_alive():
            log.error("The broker did not take the last %d notifications.", waiting)
        if not self._thread.is_alive():
            self._transport.cleanup()

    def _run(self) -> None:
        going_on = True
        while going_on:
            with suppress(queue.Empty):
                going_on = self._next(max(0, self._due - time.monotonic()) if self._unsettled else None)
            if self._unsettled and (not going_on or time.monotonic() >= self._due):
                self._strike_out()

    def _next(self, timeout: float | None) -> bool:
        """Send a letter; False if it was the last one. Raises queue.Empty."""
        letter = self._letters.get(timeout=timeout)
        if letter is None or not self._send(letter):
            return False
        if letter.entry is not None:
            if not self._unsettled:
                self._due = time.monotonic() + LINGER
            self._unsettled.append(letter.entry)
        return True

    def _send(self, letter: Letter) -> bool:
        """Whether all of it was sent, however long the broker was away: only the end of the worker ends the patience."""
        self._since = time.monotonic()
        pause = PAUSE
        for place, event in enumerate(letter.events):
            while not self._deliver(event, letter.context(place)):
                if self._closing.wait(pause):
                    return False
                pause = min(pause * 2, LONGEST_PAUSE)
                # It may have arrived although nobody said so, or at one of several destinations.
                letter.redelivered = True
        self._since = None
        return True

    def _deliver(self, event: Event, context: Context) -> bool:
        try:
            getattr(self._notifier, event.priority)(context, event.type, event.payload)
        except Exception:
            log.exception("The notification %s could not be sent.", event.type)
        return self._failures.take() is None

    def _strike_out(self) -> None:
        try:
            self._settle(self._unsettled)
            self._unsettled = []
        except Exception as error:
            self._due = time.monotonic() + PAUSE
            log.warning("That notifications were sent is noted in the journal later: %s", error)
