"""http: images that lie on web servers, read-only: whoever adds such a location vouches for it (FEATURES 10.2-06).

The location is the URL itself. What is fetched, from where and how safely is ``glancepipe.contract.fetching``'s: unlike
Glance it verifies certificates unless told otherwise, and vets redirects as it does the URL (FEATURES 12-21).
"""

from __future__ import annotations

import socket

from oslo_config import cfg

from glancepipe.contract import Data, Span, Store
from glancepipe.contract.errors import Invalid, StoreUnavailable
from glancepipe.contract.fetching import Fetcher
from glancepipe.contract.uris import SCHEMES, UriFilter


class HttpStore(Store):
    """Other people's web servers."""

    schemes = SCHEMES
    read_only = True
    ranged = True
    options = (
        cfg.StrOpt("https_ca_certificates_file", help="File of certificates that vouch for servers, instead of the system's."),
        cfg.BoolOpt(
            "https_insecure",
            default=False,
            help="Believe servers without verifying their certificates; only heeded if https_ca_certificates_file is unset.",
        ),
        cfg.DictOpt(
            "http_proxy_information",
            default={},
            help="Proxies as `scheme:URL, scheme:URL`, such as `http:http://proxy.example:3128`. The proxy for http resolves "
            "names itself, so it must refuse what the service itself would not fetch from.",
        ),
    )

    def __init__(self, conf: cfg.ConfigOpts, name: str) -> None:
        super().__init__(conf, name)
        self._uris = UriFilter(conf, socket.getaddrinfo)
        self._fetcher: Fetcher | None = None

    def start(self) -> None:
        settings = self.settings
        try:
            self._fetcher = Fetcher(
                self._uris,
                ca_certificates=settings.https_ca_certificates_file,
                insecure=settings.https_insecure,
                proxies=settings.http_proxy_information,
            )
        except OSError as error:
            raise StoreUnavailable(f"https_ca_certificates_file of the store {self.name!r} can't be used: {error}") from error

    def read(self, url: str, span: Span | None = None) -> Data:
        try:
            return self._started().read(url, span)
        except Invalid as error:
            # The location was one to fetch from when it was recorded, so this is not the caller's mistake.
            raise StoreUnavailable(error.message) from error

    def size(self, url: str) -> int:
        try:
            return self._started().size(url)
        except StoreUnavailable as error:
            raise Invalid(f"The URL can't be used: {error.message}") from error

    def owns(self, url: str) -> bool:
        return url.partition("://")[0] in SCHEMES

    def _started(self) -> Fetcher:
        if self._fetcher is None:
            raise StoreUnavailable
        return self._fetcher
