"""Fetches what a client named, wherever that is on the web: the one way for stores, layers and importers.

The one module of the contract that does I/O, and only when it is called: whoever fetches without it forgets something.
Each hop, redirects included, is vetted anew, and the connection goes to an address that was vetted (``uris``), so a name
that changes its mind meanwhile leads nowhere. ``docs/decisions/0002-fetching.md`` says why it is here.
"""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

import urllib3
from urllib3.exceptions import HTTPError

from glancepipe.contract.data import BLOCK, Data, Span
from glancepipe.contract.errors import NoData, StoreError, StoreUnavailable
from glancepipe.contract.uris import UriFilter, Vetted

__all__ = ["REDIRECTS", "Fetcher"]

REDIRECTS = 5
"""How often a server may send the service elsewhere."""

TIMEOUT = urllib3.Timeout(connect=10, read=60)
"""Seconds until a server that does not answer is given up; a slow one may take its time."""

_ELSEWHERE = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,19})-[0-9]{1,19}/(?:[0-9]{1,19}|\*)")


class Fetcher:
    """Fetches from servers that the filter lets pass, with certificates verified unless the operator says otherwise."""

    def __init__(
        self,
        uris: UriFilter,
        *,
        ca_certificates: str | None = None,
        insecure: bool = False,
        proxies: Mapping[str, str] | None = None,
    ) -> None:
        """``ca_certificates``: a file instead of the system's. ``proxies``: URLs by scheme. Raises OSError for a wrong file."""
        self._uris = uris
        self._proxies = proxies or {}
        # A file that vouches for servers is a wish to have them verified.
        self._verified = bool(ca_certificates) or not insecure
        self._tls = ssl.create_default_context(cafile=ca_certificates)
        if not self._verified:
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE

    def size(self, uri: str) -> int:
        """How many bytes are there, 0 if the server does not say. Raises Invalid, NoData, StoreUnavailable."""
        with contextlib.closing(self._answer("HEAD", uri, {})) as answer:
            return answer.length or 0

    def read(self, uri: str, span: Span | None = None) -> Data:
        """What is there, or a part. Raises Invalid, NoData, StoreUnavailable, and StoreError if the part is not there."""
        asked = {"Range": f"bytes={span.start}-{span.start + span.length - 1}"} if span else {}
        answer = self._answer("GET", uri, asked)
        data = Data(answer.blocks(), answer.length, close=answer.close)
        if span is None:
            return data
        if answer.status != 206:
            return data.part(span)
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != span.start or answer.length not in (None, span.length):
            data.close()
            raise StoreError(f"The server {answer.host} did not answer with the part that it was asked for.")
        data.size = span.length
        return data

    def _answer(self, method: str, uri: str, headers: Mapping[str, str]) -> _Answer:
        for _ in range(REDIRECTS + 1):
            answer = self._hop(method, self._uris.vet(uri), headers)
            elsewhere = answer.headers.get("Location") if answer.status in _ELSEWHERE else None
            if elsewhere is None:
                return _judged(answer)
            answer.close()
            try:
                uri = urljoin(uri, elsewhere)
            except ValueError:
                raise StoreUnavailable(f"The server {answer.host} redirects to what is no URI.") from None
        raise StoreUnavailable(f"The server {answer.host} redirects more than {REDIRECTS} times.")

    def _hop(self, method: str, vetted: Vetted, headers: Mapping[str, str]) -> _Answer:
        sent = {"Host": vetted.authority, "Accept-Encoding": "identity", "User-Agent": "glancepipe", **headers}
        if vetted.credentials:
            # Of this URI alone: a redirect brings its own, or none.
            sent |= urllib3.make_headers(basic_auth=":".join(vetted.credentials))
        problem: Exception | None = None
        for address in vetted.addresses:
            try:
                return self._request(method, vetted, address, sent)
            except (HTTPError, OSError) as error:
                problem = error
        raise StoreUnavailable(f"The server {vetted.host} can't be reached.") from problem

    def _request(self, method: str, vetted: Vetted, address: str, headers: Mapping[str, str]) -> _Answer:
        # The certificate must be the name's, though the connection goes to an address.
        tls: dict[str, Any] = {}
        if vetted.scheme == "https":
            tls = {"ssl_context": self._tls, "server_hostname": vetted.host}
            tls["assert_hostname"] = vetted.host if self._verified else False
        proxy = self._proxies.get(vetted.scheme)
        manager = urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager()
        url = vetted.target
        if proxy and vetted.scheme == "http":
            # Such a proxy is asked for a whole URL, and resolves the name itself.
            url = f"http://{vetted.authority}{vetted.target}"
        pool = manager.connection_from_host(address, vetted.port, vetted.scheme, pool_kwargs={**manager.connection_pool_kw, **tls})
        try:
            answer = pool.urlopen(
                method,
                url,
                headers=dict(headers),
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=TIMEOUT,
                preload_content=False,
                decode_content=False,
            )
        except BaseException:
            manager.clear()
            raise
        return _Answer(vetted.host, answer, manager)


class _Answer:
    """One server's answer, and the connection on which it arrives."""

    def __init__(self, host: str, answer: urllib3.BaseHTTPResponse, manager: urllib3.PoolManager) -> None:
        self.host = host
        self.status = answer.status
        self.headers = answer.headers
        self._answer = answer
        self._manager = manager

    @property
    def length(self) -> int | None:
        """What it announces, None if it does not."""
        said = self.headers.get("Content-Length", "")
        return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else None

    def blocks(self) -> Iterator[bytes]:
        """The body."""
        try:
            while block := self._answer.read(BLOCK):
                yield block
        except (HTTPError, OSError) as error:
            raise StoreUnavailable(f"The server {self.host} broke off.") from error

    def close(self) -> None:
        """Give the connection up."""
        self._answer.close()
        self._manager.clear()


def _judged(answer: _Answer) -> _Answer:
    if 200 <= answer.status < 300:
        return answer
    answer.close()
    if answer.status in _GONE:
        raise NoData(f"The server {answer.host} has no such file.")
    raise StoreUnavailable(f"The server {answer.host} answered with the status {answer.status}.")
