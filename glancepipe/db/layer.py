"""db: keeps image records, members, usage and the journal in a relational database. It stands innermost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from contextlib import ExitStack

from oslo_config import cfg
from sqlalchemy import URL, select

from glancepipe.contract.call import Call
from glancepipe.contract.errors import DatabaseUnavailable
from glancepipe.contract.layer import Finding, Services
from glancepipe.db import schema
from glancepipe.db.base import Base
from glancepipe.db.database import Database, Patience
from glancepipe.db.engine import OPTIONS, database_url, make_engine, replica_url
from glancepipe.db.held import Held
from glancepipe.db.images import DbImageRepo
from glancepipe.db.journal import DbJournal
from glancepipe.db.members import DbMemberRepo
from glancepipe.db.metadefs.definitions import DbDefinitionRepo
from glancepipe.db.metadefs.namespaces import DbNamespaceRepo
from glancepipe.db.metadefs.options import OPTIONS as METADEFS
from glancepipe.db.metadefs.resource_types import DbResourceTypeRepo
from glancepipe.db.replica import Replica
from glancepipe.db.tasks import DbTaskRepo
from glancepipe.db.usage import DbUsage
from glancepipe.db.workers import Workers

LOG = logging.getLogger(__name__)


class Db(Base):
    """Glance's own schema on SQLite, PostgreSQL or MariaDB/MySQL, and tables of its own beside it."""

    name = "db"
    after = frozenset({"auth", "notifier", "policy", "quota", "location", "domain"})
    ends = frozenset(
        {f"repo.{verb}" for verb in ("get", "list", "add", "save", "remove", "pending", "restore", "claim")}
        | {f"members.{verb}" for verb in ("list", "get", "add", "save", "remove")}
        | {f"usage.{verb}" for verb in ("usage", "report", "reserve", "release")}
        | {f"journal.{verb}" for verb in ("begin", "settle", "let_go", "adopt")}
        | {f"tasks.{verb}" for verb in ("list", "get", "add", "save")}
        | {f"namespaces.{verb}" for verb in ("list", "get", "add", "save", "remove")}
        | {f"definitions.{verb}" for verb in ("list", "get", "add", "save", "remove", "clear")}
        | {f"resource_types.{verb}" for verb in ("list", "associations", "associate", "dissociate")}
    )
    options = {"database": OPTIONS, "DEFAULT": METADEFS}
    repo = DbImageRepo
    members = DbMemberRepo
    usage = DbUsage
    journal = DbJournal
    tasks = DbTaskRepo
    namespaces = DbNamespaceRepo
    definitions = DbDefinitionRepo
    resource_types = DbResourceTypeRepo

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        """Raises ValueError if ``[database] connection`` or ``slave_connection`` can't be meant."""
        super().__init__(conf)
        self.url = database_url(conf)
        self.replica_url = replica_url(conf)
        self.replica = None
        self._closing = threading.Event()
        self._opened = ExitStack()

    def start(self, services: Services) -> None:
        """Connect, make sure of the schema, and join the workers.

        The embedded default makes and upgrades its own schema. Raises ValueError if that is the operator's to do,
        DatabaseUnavailable if the database can't be reached for ``max_retries`` times ``retry_interval`` seconds.
        """
        with ExitStack() as opened:
            self.database = self._connected(self.url)
            opened.callback(self.database.close)
            if self.replica_url is not None:
                self.replica = Replica(self._connected(self.replica_url), self.database)
                opened.callback(self.replica.close)
            if not self.conf.database.connection:
                self.database.write(schema.upgrade)
            else:
                for lack in self._reach():
                    if lack.kind != schema.SLOW:
                        raise ValueError(f"[database] connection: {lack.sentence}")
                    LOG.warning(lack.sentence)
            self.held = Held()
            self.workers = Workers(self.database, self.held.ids)
            opened.callback(self.workers.close)
            self.workers.start()
            self._opened = opened.pop_all()

    def sweep(self, call: Call) -> None:
        """Remove dead workers, and with them their reservations."""
        self.workers.bury()

    def check(self) -> Iterable[Finding]:
        """Whether the database answers, and whether the replica last did."""
        try:
            self.database.read(lambda connection: connection.scalar(select(1)))
        except DatabaseUnavailable as error:
            yield Finding(f"The database can't be reached: {str(error.__cause__ or error).splitlines()[0]}", down=True)
        if self.replica is not None and not self.replica.reachable:
            yield Finding("The database's replica can't be reached: listings are read from the primary.")

    def close(self) -> None:
        """Leave the workers and close all connections."""
        self._closing.set()
        self._opened.close()

    def _connected(self, url: URL) -> Database:
        return Database(make_engine(self.conf, url), Patience.of(self.conf))

    def _reach(self) -> list[schema.Lack]:
        """What the schema lacks, as soon as the database can be reached."""
        left = self.conf.database.max_retries
        while True:
            try:
                return self.database.read(schema.lacks)
            except DatabaseUnavailable as error:
                if left == 0 or self._closing.wait(self.conf.database.retry_interval):
                    raise
                LOG.warning("The database can't be reached, trying again: %s", error.__cause__)
                left -= 1
