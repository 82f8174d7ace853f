"""Which URIs pass the filter (FEATURES 4.5-16)."""

import socket

import pytest
from oslo_config import cfg

from glancepipe.contract.errors import Invalid
from glancepipe.contract.uris import GROUP, UriFilter

NAMES = {
    "images.example": ["198.51.100.7"],
    "two.example": ["127.0.0.1", "198.51.100.8", "2001:db8::8"],
    "inside.example": ["10.0.0.9"],
    "loop.example": ["127.0.0.1", "::1"],
    "metadata.example": ["169.254.169.254"],
    "mapped.example": ["::ffff:127.0.0.1", "::ffff:169.254.169.254"],
    "linked.example": ["fe80::1%eth0"],
    "any.example": ["0.0.0.0", "::"],
    "xn--bcher-kva.example": ["198.51.100.9"],
}


def getaddrinfo(host, port):
    if host not in NAMES:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in NAMES[host] * 2]


def uri_filter(**settings):
    conf = cfg.ConfigOpts()
    conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
    UriFilter(conf, getaddrinfo)
    for option, value in settings.items():
        conf.set_override(option, value, group=GROUP)
    return UriFilter(conf, getaddrinfo)


def refused(uri, **settings):
    with pytest.raises(Invalid) as caught:
        uri_filter(**settings).vet(uri)
    return caught.value.message


def test_a_uri_is_taken_apart():
    vetted = uri_filter(allowed_ports=[8443]).vet("HTTPS://me:p%40ss@Images.Example:8443/a%20b/c?d=e#f")
    assert (vetted.scheme, vetted.host, vetted.port, vetted.target) == ("https", "images.example", 8443, "/a%20b/c?d=e")
    assert vetted.addresses == ("198.51.100.7",)
    assert vetted.credentials == ("me", "p@ss")
    assert vetted.authority == "images.example:8443"
    assert "p@ss" not in repr(vetted)


@pytest.mark.parametrize(
    ("uri", "port", "authority"),
    [
        ("http://images.example", 80, "images.example"),
        ("https://images.example", 443, "images.example"),
        ("http://images.example:443/", 443, "images.example:443"),
        ("http://[2001:db8::1]/", 80, "[2001:db8::1]"),
        ("http://[2001:db8:0:0::1]:443/", 443, "[2001:db8::1]:443"),
    ],
)
def test_host_and_port(uri, port, authority):
    vetted = uri_filter().vet(uri)
    assert (vetted.port, vetted.target, vetted.authority) == (port, "/", authority)


@pytest.mark.parametrize("uri", ["", "images.example", "//images.example/", "ftp://images.example/", "file:///etc/passwd", "javascript:1"])
def test_schemes(uri):
    assert "scheme" in refused(uri)
    assert "scheme" in refused(uri, allowed_schemes=["", "ftp", "file"])


def test_lists_of_schemes():
    assert "scheme" in refused("http://images.example/", allowed_schemes=["https"])
    assert "scheme" in refused("http://images.example/", allowed_schemes=[], disallowed_schemes=["http"])
    uri_filter(allowed_schemes=["http"], disallowed_schemes=["http"]).vet("http://images.example/")


@pytest.mark.parametrize("uri", ["http://", "http:///path", "http://:80/", "http://[::1", "http://images.example:port/", "http://a..b/"])
def test_nonsense(uri):
    refused(uri)


def test_ports():
    assert "port 8080" in refused("http://images.example:8080/")
    assert "port 0" in refused("http://images.example:0/")
    assert "port 22" in refused("http://images.example:22/", allowed_ports=[], disallowed_ports=[22])
    uri_filter(allowed_ports=[], disallowed_ports=[22]).vet("http://images.example:8080/")
    uri_filter(allowed_ports=[22], disallowed_ports=[22]).vet("http://images.example:22/")


def test_no_port_passes_for_a_right_one():
    assert uri_filter(allowed_ports=[8080]).vet("http://images.example/").port == 80


def test_an_allow_list_of_hosts():
    uris = uri_filter(allowed_hosts=["images.example", "2001:DB8::1"], disallowed_hosts=["images.example"])
    uris.vet("http://IMAGES.example/")
    uris.vet("http://[2001:db8::0001]/")
    assert "host" in refused("http://inside.example/", allowed_hosts=["images.example"])
    # Its address is no name for it.
    assert "host" in refused("http://198.51.100.7/", allowed_hosts=["images.example"])


def test_a_deny_list_of_hosts_holds_for_their_addresses_too():
    assert "host" in refused("http://images.example/", disallowed_hosts=["images.example"])
    assert "address" in refused("http://images.example/", disallowed_hosts=["198.51.100.7"])
    assert uri_filter(disallowed_hosts=["198.51.100.8"]).vet("http://two.example/").addresses == ("2001:db8::8",)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "017700000001",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "127.0.0.0x1",
        "1.2.3.4.5",
        "127.0.0.1.",
        "0X7F.1",
    ],
)
def test_addresses_in_disguise(host):
    assert "host is not" in refused(f"http://{host}/")


def test_digits_of_other_scripts_are_digits():
    refused("http://１２７.０.０.１/")
    refused("http://②130706433/")


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.8.8.8", "[::1]", "169.254.169.254", "[fe80::1]", "0.0.0.0", "[::]", "224.0.0.1"),
        *("[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]"),
        *("loop.example", "metadata.example", "mapped.example", "linked.example", "any.example"),
    ],
)
def test_nothing_near_is_fetched(host):
    assert "address" in refused(f"http://{host}/")


def test_unless_it_is_allowed():
    assert uri_filter(allowed_hosts=["loop.example"]).vet("http://loop.example/").addresses == ("127.0.0.1", "::1")
    uri_filter(allowed_hosts=["127.0.0.1"]).vet("http://127.0.0.1/")
    assert "host" in refused("http://loop.example/", allowed_hosts=["127.0.0.1"])


def test_only_the_addresses_that_pass_are_used():
    assert uri_filter().vet("http://two.example/").addresses == ("198.51.100.8", "2001:db8::8")


def test_private_networks_are_no_secret():
    assert uri_filter().vet("http://inside.example/").addresses == ("10.0.0.9",)
    uri_filter().vet("http://192.168.1.1/")


def test_an_unknown_name():
    assert "not known" in refused("http://nowhere.example/")


def test_a_name_that_the_resolver_can_not_take():
    def getaddrinfo(host, port):
        raise UnicodeEncodeError("idna", host, 0, 1, "label too long")

    conf = cfg.ConfigOpts()
    conf([], project="glancepipe", default_config_files=[], default_config_dirs=[])
    with pytest.raises(Invalid):
        UriFilter(conf, getaddrinfo).vet("http://images.example/")


def test_a_name_in_another_script():
    assert uri_filter().vet("http://bücher.example/").host == "xn--bcher-kva.example"


@pytest.mark.parametrize("uri", ["http://nowhere.example/", "http://loop.example/", "https://198.51.100.7/x", "http://inside.example/"])
def test_what_can_be_said_without_the_resolver(uri):
    """FEATURES 4.3-03: whoever fetches looks again."""
    uri_filter().admit(uri)


@pytest.mark.parametrize(
    "uri", ["ftp://images.example/", "http://127.0.0.1/", "http://169.254.169.254/", "http://2130706433/", "http://images.example:22/", "x"]
)
def test_what_is_refused_without_the_resolver(uri):
    with pytest.raises(Invalid):
        uri_filter().admit(uri)
