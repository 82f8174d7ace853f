"""Fetching from the web (FEATURES 4.5-16, 10.2-06, 12-21)."""

import datetime
import ipaddress
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from oslo_config import cfg

from glancepipe.contract import Span
from glancepipe.contract.errors import Invalid, NoData, StoreError, StoreUnavailable
from glancepipe.contract.fetching import REDIRECTS, Fetcher
from glancepipe.contract.uris import GROUP, UriFilter
from glancepipe.testing.store_suite import content_of

CONTENT = b"0123456789" * 1000


class Names:
    """A name service whose answers change."""

    def __init__(self, **addresses):
        self.addresses = {name.replace("_", "."): found for name, found in addresses.items()}
        self.asked = []

    def __call__(self, host, port):
        self.asked.append(host)
        found = self.addresses[host]
        return [(2, 1, 6, "", (address, port)) for address in (found.pop(0) if len(found) > 1 else found[0])]


def uris(names=None, **settings):
    conf = cfg.ConfigOpts()
    conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
    UriFilter(conf, names or Names())
    for option, value in {"allowed_ports": [], "allowed_hosts": ["127.0.0.1"], **settings}.items():
        conf.set_override(option, value, group=GROUP)
    return UriFilter(conf, names or Names())


@pytest.fixture
def fetcher():
    return Fetcher(uris())


@pytest.fixture
def web(web):
    web.files["/image"] = CONTENT
    return web


def test_the_size_is_asked_for_without_the_data(web, fetcher):
    assert fetcher.size(web.url()) == len(CONTENT)
    assert [method for method, _, _ in web.requests] == ["HEAD"]


def test_what_is_there_is_read(web, fetcher):
    data = fetcher.read(web.url())
    assert data.size == len(CONTENT)
    assert content_of(data) == CONTENT
    assert web.asked("Accept-Encoding") == ["identity"]
    assert web.asked("Authorization") == [None]


def test_path_and_query_go_as_they_are(web, fetcher):
    web.files["/a%2Fb/%C3%BC?c=d&e"] = b"odd"
    assert content_of(fetcher.read(web.url("/a%2Fb/ü?c=d&e"))) == b"odd"


def test_credentials_of_the_url(web, fetcher):
    content_of(fetcher.read(web.url().replace("://", "://me:p%40ss@")))
    assert web.asked("Authorization") == ["Basic bWU6cEBzcw=="]
    assert web.asked("Host") == [f"127.0.0.1:{web.port}"]


@pytest.mark.parametrize("status", [404, 410])
def test_nothing_there(web, fetcher, status):
    url = web.refuse("/gone", status)
    for fetch in (fetcher.size, fetcher.read):
        with pytest.raises(NoData):
            fetch(url)


@pytest.mark.parametrize("status", [401, 403, 500, 304])
def test_a_server_that_refuses(web, fetcher, status):
    url = web.refuse("/image", status)
    for fetch in (fetcher.size, fetcher.read):
        with pytest.raises(StoreUnavailable, match=str(status)):
            fetch(url)


def test_a_server_that_is_not_there(web, fetcher):
    with pytest.raises(StoreUnavailable, match=r"The server 127\.0\.0\.1 can't be reached"):
        fetcher.read("http://127.0.0.1:1/image")


def test_a_server_that_does_not_say_how_much(web, fetcher):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(b"3\r\nabc\r\n0\r\n\r\n")

    web.answers["/image"] = answer
    assert fetcher.size(web.url()) == 0
    data = fetcher.read(web.url())
    assert data.size is None
    assert content_of(data) == b"abc"


@pytest.mark.parametrize("length", ["-1", "many", "9" * 40])
def test_a_length_that_is_none(web, fetcher, length):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", length)
        handler.end_headers()

    web.answers["/image"] = answer
    assert fetcher.size(web.url()) == 0


def test_a_server_that_breaks_off(web, fetcher):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"x" * 10)
        handler.close_connection = True

    web.answers["/image"] = answer
    with pytest.raises(StoreUnavailable, match="broke off"):
        content_of(fetcher.read(web.url()))


# Parts


def test_a_part_is_asked_for(web, fetcher):
    data = fetcher.read(web.url(), Span(15, 7))
    assert data.size == 7
    assert content_of(data) == b"5678901"
    assert web.asked("Range") == ["bytes=15-21"]


def test_a_server_without_ranges_is_read_from_the_beginning(web, fetcher):
    """FEATURES 12-14."""
    web.ranges = False
    data = fetcher.read(web.url(), Span(15, 7))
    assert data.size == 7
    assert content_of(data) == b"5678901"


@pytest.mark.parametrize("said", ["bytes 14-20/10000", "bytes */10000", "", "chapters 15-21/100"])
def test_a_wrong_part_is_not_taken_for_the_right_one(web, fetcher, said):
    def answer(handler):
        handler.send_response(206)
        handler.send_header("Content-Range", said)
        handler.send_header("Content-Length", "7")
        handler.end_headers()
        handler.wfile.write(b"1234567")

    web.answers["/image"] = answer
    with pytest.raises(StoreError, match="part"):
        fetcher.read(web.url(), Span(15, 7))


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect(web, fetcher, status):
    url = web.redirect("/moved", "image", status)
    assert fetcher.size(url) == len(CONTENT)
    assert content_of(fetcher.read(url)) == CONTENT


def test_credentials_are_not_carried_elsewhere(web, fetcher):
    url = web.redirect("/moved", web.url()).replace("://", "://me:secret@")
    content_of(fetcher.read(url))
    assert web.asked("Authorization")[1] is None


def test_redirects_without_end(web, fetcher):
    url = web.redirect("/round", "/round")
    with pytest.raises(StoreUnavailable, match="redirects more than 5 times"):
        fetcher.read(url)
    assert len(web.requests) == REDIRECTS + 1


@pytest.mark.parametrize(
    "to",
    ["http://169.254.169.254/latest/meta-data", "http://localhost/", "file:///etc/passwd", "http://2130706433/", "//[::1]/", "http://["],
)
def test_a_redirect_to_where_the_filter_lets_nobody(web, fetcher, to):
    """FEATURES 12-21."""
    url = web.redirect("/moved", to)
    for fetch in (fetcher.size, fetcher.read):
        with pytest.raises((Invalid, StoreUnavailable)):
            fetch(url)
    assert {path for _, path, _ in web.requests} == {"/moved"}


# Names


def test_the_connection_goes_to_the_address_that_was_vetted(web):
    """A name that leads elsewhere once it was vetted does not lead the connection there."""
    names = Names(images_example=[["127.0.0.1"], ["192.0.2.1"]])
    fetcher = Fetcher(uris(names, allowed_hosts=["images.example"]))
    assert content_of(fetcher.read(web.url(host="images.example"))) == CONTENT
    assert names.asked == ["images.example"]
    assert web.asked("Host") == [f"images.example:{web.port}"]


def test_a_name_is_vetted_each_time(web):
    names = Names(images_example=[["198.51.100.1"], ["127.0.0.1"]])
    filtered = uris(names, allowed_hosts=[])
    filtered.vet(web.url(host="images.example"))
    with pytest.raises(Invalid):
        Fetcher(filtered).read(web.url(host="images.example"))
    assert web.requests == []


def test_the_next_address_is_tried(web):
    # Nobody listens at 127.0.0.2.
    names = Names(images_example=[["127.0.0.2", "127.0.0.1"]])
    fetcher = Fetcher(uris(names, allowed_hosts=["images.example"]))
    assert content_of(fetcher.read(web.url(host="images.example"))) == CONTENT


def test_a_proxy_is_asked_instead(web):
    web.files["http://images.example/image"] = b"by proxy"
    names = Names(images_example=[["198.51.100.1"]])
    fetcher = Fetcher(uris(names, allowed_hosts=[]), proxies={"http": f"http://127.0.0.1:{web.port}"})
    assert content_of(fetcher.read("http://images.example/image")) == b"by proxy"


# Certificates


@pytest.fixture(scope="module")
def certified(tmp_path_factory):
    """A server with a certificate for ``images.example`` that vouches for itself: its port, and the certificate's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "images.example")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("images.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "6")
            self.end_headers()
            self.wfile.write(b"secret")

        def log_message(self, *args):
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request, client_address):
            """A client that doesn't believe hangs up."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1], str(file)
        server.shutdown()
        thread.join()


def secure(host, **settings):
    return Fetcher(uris(Names(images_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]]), allowed_hosts=[host]), **settings)


def test_a_certificate_of_the_name_is_believed(certified):
    port, file = certified
    fetcher = secure("images.example", ca_certificates=file)
    assert content_of(fetcher.read(f"https://images.example:{port}/")) == b"secret"


def test_a_certificate_is_verified(certified):
    port, _ = certified
    with pytest.raises(StoreUnavailable):
        secure("images.example").read(f"https://images.example:{port}/")


@pytest.mark.parametrize("insecure", [False, True])
def test_a_certificate_of_another_name_is_not_believed(certified, insecure):
    """``insecure`` is not heeded beside a file of certificates."""
    port, file = certified
    with pytest.raises(StoreUnavailable):
        secure("other.example", ca_certificates=file, insecure=insecure).read(f"https://other.example:{port}/")


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")
def test_unless_the_operator_does_not_care(certified):
    port, _ = certified
    assert content_of(secure("other.example", insecure=True).read(f"https://other.example:{port}/")) == b"secret"
