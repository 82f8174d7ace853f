"""A token that was validated is not asked about again: in a process, and where caches are shared by processes."""

import pytest

pytestmark = pytest.mark.integration


def listed(running, token):
    return running.get("/v2/images", X_Auth_Token=token).status


def test_keystone_away(running, keystone, relay):
    """503 and not 401 for tokens that nobody knows yet; the others work on."""
    known, fresh = keystone.token("demo-member"), keystone.token("demo-reader")
    assert listed(running, known) == 200
    with relay.away():
        assert listed(running, known) == 200
        answer = running.get("/v2/images", X_Auth_Token=fresh)
        assert (answer.status, "WWW-Authenticate" in answer.headers) == (503, False)
        assert running.get("/v2/images").status == 401
        assert running.get("/healthcheck").status == 200
    assert listed(running, fresh) == 200
    assert (relay.validated(known), relay.validated(fresh)) == (1, 1)


def test_a_service_that_keystone_does_not_know(service, groups, keystone):
    """A wrong password in the configuration is not the caller's fault."""
    with service(**groups(password="wrong")) as running:
        assert listed(running, keystone.token()) == 503


def shared_by(kind, port):
    """Options for ``[keystone_authtoken]``, and other groups."""
    if kind == "memcached":
        return {"memcached_servers": f"127.0.0.1:{port}"}, {}
    secured = {"memcache_security_strategy": "ENCRYPT", "memcache_secret_key": "a secret"}
    return secured, {"cache": {"enabled": "true", "backend": "dogpile.cache.redis", "redis_server": f"127.0.0.1:{port}"}}


DAEMONS = {
    "memcached": ("memcached", "-l", "127.0.0.1", "-p", "{port}", "-U", "0", "-u", "nobody"),
    "redis": ("redis-server", "--bind", "127.0.0.1", "--port", "{port}", "--save", "", "--appendonly", "no"),
}


@pytest.mark.parametrize("kind", ["memcached", "redis encrypted"])
def test_a_shared_cache(service, daemon, groups, keystone, relay, kind):
    """Another process, and a service started while Keystone is away, know the token; a cache that is away is done without."""
    token, fresh = keystone.token("demo-member"), keystone.token("demo-reader")
    with daemon(*DAEMONS[kind.partition(" ")[0]]) as cache:
        options, more = shared_by(kind, cache.port)
        configured = {**groups(**options), **more}
        with service(**configured) as running:
            assert listed(running, token) == 200
        with relay.away(), service(**configured) as running:
            assert listed(running, token) == 200
            assert listed(running, fresh) == 503
        assert relay.validated(token) == 1
        with service(**configured) as running, cache.away():
            assert [listed(running, token), listed(running, fresh)] == [200, 200]
