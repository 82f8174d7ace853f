"""Unified limits: what the identity service says that an owner may have (FEATURES 6.2-08 to 6.2-13).

oslo.limit gives the options and the sentences, keystoneauth the session. Its enforcer is not used: it keeps one connection and
the global configuration for the whole process, and asks for the usage before anything is held, so that two uploads pass where
one may. Here the limits are read, two requests for each call, and it is the database that holds usage to them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from keystoneauth1 import exceptions, loading
from keystoneauth1.adapter import Adapter
from oslo_config import cfg
from oslo_limit import opts
from oslo_limit.exception import OverLimitInfo, ProjectOverLimit

from glancepipe.contract import Call, UsageReport
from glancepipe.contract.errors import LimitExceeded, LimitsUnavailable
from glancepipe.contract.records import Usage
from glancepipe.layers.quota.limits import Limits

log = logging.getLogger(__name__)

GROUP = "oslo_limit"
TIMEOUT = 30
"""Seconds until an identity service that does not answer is given up, unless ``timeout`` says otherwise."""

_ENDPOINT = frozenset({"endpoint_id", "endpoint_service_name", "endpoint_service_type", "endpoint_region_name", "endpoint_interface"})
_MIB = 1 << 20
_INT64 = (1 << 63) - 1

RESOURCES: Mapping[str, tuple[str, int]] = {
    "stored": ("image_size_total", _MIB),
    "staged": ("image_stage_total", _MIB),
    "images": ("image_count_total", 1),
    "uploading": ("image_count_uploading", 1),
}
"""The registered limit's name, and its unit, for what of an owner's usage it is about."""


class UnifiedLimits(Limits):
    """Registered limits of the service's endpoint, and those of projects that differ."""

    least = 0
    midstream = False

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        """Raises ValueError with one sentence if [oslo_limit] can't be meant."""
        self._conf = conf
        self._adapter: Adapter | None = None
        self._place: dict[str, str | None] = {}
        ((_, known),) = opts.list_opts()
        conf.register_opts([option for option in known if option.dest in _ENDPOINT], group=GROUP)
        loading.register_auth_conf_options(conf, GROUP)
        loading.register_session_conf_options(conf, GROUP)
        loading.register_adapter_conf_options(conf, GROUP, include_deprecated=False)
        settings = conf[GROUP]
        if not settings.auth_type:
            raise ValueError("use_keystone_limits = true: set [oslo_limit] auth_type and who asks, as in [keystone_authtoken].")
        if not (settings.endpoint_id or settings.endpoint_service_type or settings.endpoint_service_name):
            raise ValueError("use_keystone_limits = true: set [oslo_limit] endpoint_id to the ID of this service's endpoint.")
        try:
            self._auth = loading.load_auth_from_conf_options(conf, GROUP)
        except (exceptions.ClientException, cfg.Error) as error:
            raise ValueError(f"[oslo_limit] auth_type = {settings.auth_type}: {error}") from error

    def most(self, call: Call, owner: str | None, of: str) -> int | None:
        name, unit = RESOURCES[of]
        limit = self._limit(self._limits(call, owner), name)
        return None if limit < 0 else min(limit * unit, _INT64)

    def exceeded(self, call: Call, owner: str | None, of: str, amount: int, error: LimitExceeded) -> LimitExceeded:
        name, unit = RESOURCES[of]
        limit = self._limit(self._limits(call, owner), name)
        # What there is and what is asked for are rounded so that together they are more than the limit.
        there = -(-(error.usage or 0) // unit)
        info = OverLimitInfo(name, limit, there, max(-(-amount // unit), 0))
        return LimitExceeded(str(ProjectOverLimit(owner, [info])), usage=error.usage)

    def report(self, call: Call, usage: Usage) -> UsageReport:
        limits = self._limits(call, usage.owner)
        return {name: (getattr(usage, of) // unit, self._limit(limits, name)) for of, (name, unit) in RESOURCES.items()}

    def check(self) -> None:
        """Ask for the registered limits. Raises LimitsUnavailable."""
        limits = self._read(None)
        for name, _ in RESOURCES.values():
            self._limit(limits, name)

    def _limits(self, call: Call, owner: str | None) -> Mapping[str, int]:
        """Read once per call and owner: whoever changes a limit sees it heeded by the next call."""
        memo: dict[str | None, Mapping[str, int]] = call.memo(self)  # type: ignore[assignment]  # what belongs to nobody is under None
        if owner not in memo:
            memo[owner] = self._read(owner)
        return memo[owner]

    def _read(self, owner: str | None) -> Mapping[str, int]:
        try:
            if not self._place:
                self._place = self._find_place()
            found = {row["resource_name"]: row["default_limit"] for row in self._published("registered_limits")}
            if owner is not None:
                found |= {row["resource_name"]: row["resource_limit"] for row in self._published("limits", project_id=owner)}
        except (exceptions.ClientException, KeyError, TypeError, ValueError) as error:
            raise LimitsUnavailable from error
        return found

    def _limit(self, limits: Mapping[str, int], name: str) -> int:
        if name not in limits:
            log.error("There is no registered limit %s for the endpoint that [oslo_limit] names; register it.", name)
            raise LimitsUnavailable(f"The limit {name} is not registered with the identity service.")
        return limits[name]

    def _published(self, kind: str, **asked: str) -> list[dict[str, Any]]:
        return [row for row in self._rows(kind, **self._place, **asked) if row["region_id"] == self._place["region_id"]]

    def _find_place(self) -> dict[str, str | None]:
        """Service and region whose limits are asked for. Raises ValueError, KeyError, ClientException."""
        settings = self._conf[GROUP]
        model = self._get("/limits/model")["model"]["name"]
        if model != "flat":
            raise ValueError(f"The identity service enforces limits by the model {model}, of which only flat is supported.")
        if settings.endpoint_id:
            endpoint = self._get(f"/endpoints/{settings.endpoint_id}")["endpoint"]
        else:
            service = _only("service", self._rows("services", type=settings.endpoint_service_type, name=settings.endpoint_service_name))
            interface = settings.endpoint_interface.removesuffix("URL")
            asked = {"service_id": service["id"], "region_id": settings.endpoint_region_name, "interface": interface}
            endpoint = _only("endpoint", self._rows("endpoints", **asked))
        return {"service_id": endpoint["service_id"], "region_id": endpoint["region_id"]}

    def _rows(self, kind: str, **asked: str | None) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._get(f"/{kind}", params={name: value for name, value in asked.items() if value})[kind]
        return rows

    def _get(self, path: str, **options: Any) -> Any:
        if self._adapter is None:
            settings = self._conf[GROUP]
            session = loading.load_session_from_conf_options(self._conf, GROUP, auth=self._auth, timeout=settings.timeout or TIMEOUT)
            kind = settings.service_type or "identity"
            self._adapter = loading.load_adapter_from_conf_options(self._conf, GROUP, session=session, service_type=kind)
            if not settings.version and not settings.min_version:
                self._adapter.min_version = "3"
        return self._adapter.get(path, **options).json()


def _only(what: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    if len(rows) != 1:
        raise ValueError(f"[oslo_limit] names {len(rows)} {what}s instead of one; set endpoint_id.")
    return rows[0]
