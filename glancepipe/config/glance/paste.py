"""What a Glance's paste file and flavor mean here: who authenticates, which middleware, which health check (FEATURES 8.2-02)."""

from __future__ import annotations

import configparser
from collections.abc import Iterable
from dataclasses import dataclass, field

from glancepipe.config.glance.meanings import APPLICATIONS, FILTERS

DEFAULT_PIPELINE = ("cors", "http_proxy_to_wsgi", "versionnegotiation")
AUTHENTICATED = ("authtoken", "context")
UNAUTHENTICATED = ("unauthenticated-context",)


@dataclass(frozen=True, slots=True)
class Paste:
    """A pipeline of filters, outermost first; settings that the file makes for authentication and the health check."""

    filters: tuple[str, ...]
    authtoken: dict[str, str] = field(default_factory=dict)
    healthcheck: dict[str, str] | None = field(default_factory=dict)
    """None if the file has none."""

    @property
    def strategy(self) -> str:
        """What ``[api] auth_strategy`` says the same."""
        return "keystone" if "authtoken" in self.filters else "none"

    @property
    def foreign(self) -> tuple[str, ...]:
        """Filters that have no counterpart."""
        return tuple(name for name in self.filters if name not in FILTERS)

    def middleware(self, usual: Iterable[str]) -> list[str]:
        """The ``usual`` middleware, less what the pipeline leaves out."""
        present = {FILTERS.get(name) for name in self.filters} | {"request_id", "limits", "auth"}
        return [name for name in usual if name in present or (name == "healthcheck" and self.healthcheck is not None)]


def of_flavor(flavor: str) -> Paste:
    """What a flavor of Glance's own paste file means. Raises ValueError for another one."""
    authentication, *extras = flavor.split("+") if flavor else [""]
    if authentication in ("caching", "cachemanagement"):
        authentication, extras = "", [authentication, *extras]
    if authentication not in ("", "keystone") or not set(extras) <= {"caching", "cachemanagement"}:
        raise ValueError(f"[paste_deploy] flavor = {flavor} is none of Glance's own: name the paste file as well.")
    who = AUTHENTICATED if authentication else UNAUTHENTICATED
    cache = {"caching": ("cache",), "cachemanagement": ("cache", "cachemanage")}
    return Paste((*DEFAULT_PIPELINE, *who, *(name for extra in extras for name in cache[extra])))


def read(path: str, flavor: str) -> Paste:
    """What the flavor means in that file. Raises ValueError with one sentence if it isn't there or can't be read."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except (OSError, configparser.Error, UnicodeError) as error:
        raise ValueError(f"{path} can't be read as a paste file: {error}") from error
    filters = _pipeline(parser, flavor)
    if filters is None:
        raise ValueError(f"{path} has no pipeline for the flavor {flavor or '(none)'}.")
    served = any(options.get("/healthcheck") for name, options in parser.items() if name.startswith("composite:glance-api"))
    return Paste(
        tuple(name for name in filters if name not in APPLICATIONS),
        _settings(parser, "filter:authtoken"),
        _settings(parser, "app:healthcheck") if served or "healthcheck" in filters else None,
    )


def _pipeline(parser: configparser.ConfigParser, flavor: str) -> list[str] | None:
    # Glance keeps all of them in one composite; deployments older than that have a section for each.
    if parser.has_section("composite:api"):
        found = parser["composite:api"].get((flavor or "default").lower())
    else:
        name = f"pipeline:glance-api{'-' if flavor else ''}{flavor}"
        found = parser[name].get("pipeline") if parser.has_section(name) else None
    return found.split() if found else None


def _settings(parser: configparser.ConfigParser, section: str) -> dict[str, str]:
    if not parser.has_section(section):
        return {}
    return {name: value for name, value in parser[section].items() if not name.startswith("paste.")}
