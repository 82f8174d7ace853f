"""Which URIs the service fetches because a client said so: the rules of ``[import_filtering_opts]`` (FEATURES 4.5-16).

No I/O: names are resolved by what is handed in, which is ``socket.getaddrinfo`` but for tests. Vet a URI when a client names
it, to refuse it at once, and again when it is fetched: names change. ``fetching`` does the latter.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from oslo_config import cfg, types

from glancepipe.contract.errors import Invalid

__all__ = ["GROUP", "OPTIONS", "SCHEMES", "GetAddrInfo", "UriFilter", "Vetted"]

GROUP = "import_filtering_opts"
"""The group of the options, for all who fetch."""


def _listed(name: str, kind: types.ConfigType, default: Sequence[object], what: str) -> Iterable[cfg.Opt]:
    yield cfg.ListOpt(f"allowed_{name}", item_type=kind, bounds=True, default=default, help=f"{what} that URIs may name, in brackets.")
    yield cfg.ListOpt(
        f"disallowed_{name}",
        item_type=kind,
        bounds=True,
        default=[],
        help=f"{what} that URIs may not name, in brackets. Only heeded if allowed_{name} is empty.",
    )


OPTIONS: Sequence[cfg.Opt] = (
    *_listed("schemes", types.String(quotes=True), ["http", "https"], "Schemes"),
    *_listed("hosts", types.HostAddress(), [], "Hosts"),
    *_listed("ports", types.Integer(min=1, max=65535), [80, 443], "Ports"),
)

SCHEMES = ("http", "https")
"""What can be fetched at all."""

_PORTS = {"http": 80, "https": 443}
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
GetAddrInfo = Callable[[str, int], Iterable[Sequence[Any]]]
"""Resolves a host as ``socket.getaddrinfo`` does. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Vetted:
    """A URI that may be fetched, taken apart. A connection must go to one of ``addresses``, wherever the name leads by then.

    ``target`` is path and query. ``credentials`` are user and password, None if it has none.
    """

    scheme: str
    host: str
    port: int
    target: str
    addresses: tuple[str, ...]
    credentials: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def authority(self) -> str:
        """The host, and the port if it is not the scheme's own, as a request names them."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _PORTS[self.scheme] else f"{name}:{self.port}"


class UriFilter:
    """The operator's rules. An allow list makes the deny list beside it ignored; no port in the URI passes for a right one."""

    def __init__(self, conf: cfg.ConfigOpts, getaddrinfo: GetAddrInfo) -> None:
        conf.register_opts(OPTIONS, group=GROUP)
        settings = conf[GROUP]
        self._getaddrinfo = getaddrinfo
        self._schemes = _Rule(settings.allowed_schemes, settings.disallowed_schemes)
        self._ports = _Rule(settings.allowed_ports, settings.disallowed_ports)
        self._hosts = _Rule(map(_host, settings.allowed_hosts), map(_host, settings.disallowed_hosts))

    def admit(self, uri: str) -> None:
        """Judge a URI as far as that can be done without asking where its name leads. Raises Invalid."""
        _, host, port = self._judged(uri)
        if _address(host) is not None:
            self._addresses(host, port)

    def vet(self, uri: str) -> Vetted:
        """Take the URI apart and find out where it leads. Raises Invalid if it is none that may be fetched."""
        parts, host, port = self._judged(uri)
        credentials = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Vetted(parts.scheme, host, port, target, self._addresses(host, port), credentials)

    def _judged(self, uri: str) -> tuple[SplitResult, str, int]:
        parts, port = _split(uri)
        if parts.scheme not in SCHEMES or not self._schemes.passes(parts.scheme):
            raise Invalid("The URI's scheme is not one from which this service fetches.")
        host = _host(parts.hostname or "")
        if not host or not self._hosts.passes(host):
            raise Invalid("The URI's host is not one from which this service fetches.")
        if port is not None and not self._ports.passes(port):
            raise Invalid(f"The URI's port {port} is not one from which this service fetches.")
        return parts, host, port or _PORTS[parts.scheme]

    def _addresses(self, host: str, port: int) -> tuple[str, ...]:
        passing = [address for address in self._resolved(host, port) if host in self._hosts.allowed or self._leads_out(address)]
        if not passing:
            raise Invalid("The URI's host leads to no address from which this service fetches.")
        return tuple(dict.fromkeys(map(str, passing)))

    def _resolved(self, host: str, port: int) -> Iterable[Address]:
        address = _address(host)
        if address is not None:
            return [address]
        try:
            # A scope, which link-local addresses have, is no part of the address.
            found = [_address(str(entry[4][0]).partition("%")[0]) for entry in self._getaddrinfo(host, port)]
        except (OSError, UnicodeError):
            raise Invalid("The URI's host is not known.") from None
        return [address for address in found if address is not None]

    def _leads_out(self, address: Address) -> bool:
        """Whether it is no address of this machine or its link, where cloud metadata is, nor one that the operator lists."""
        inner = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        where = inner or address
        near = where.is_loopback or where.is_link_local or where.is_unspecified or where.is_multicast
        return not near and not {str(address), str(where)} & self._hosts.denied


class _Rule:
    """What is allowed; if that is nothing in particular, what is denied."""

    def __init__(self, allowed: Iterable[object], denied: Iterable[object]) -> None:
        self.allowed: Collection[object] = frozenset(allowed)
        self.denied: frozenset[object] = frozenset() if self.allowed else frozenset(denied)

    def passes(self, value: object) -> bool:
        return value in self.allowed if self.allowed else value not in self.denied


def _split(uri: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(uri)
        return parts, parts.port
    except ValueError:
        raise Invalid("This is not a URI.") from None


def _host(text: str) -> str:
    """A host as it is compared: an address in its usual form, else a name in ASCII; empty if it is none.

    A name that ends in a number is an address in disguise: resolvers take 0177.1, 2130706433 and 0x7f000001 for 127.0.0.1.
    """
    address = _address(text)
    if address is not None:
        return str(address)
    try:
        name = text.encode("idna").decode().lower()
    except UnicodeError:
        return ""
    return "" if _NUMBER.fullmatch(name.rstrip(".").rpartition(".")[2]) else name


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
