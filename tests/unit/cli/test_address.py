"""An address that can't be listened at is found out before the old one is given up."""

import socket

import pytest

from glancepipe.cli.address import check_address


@pytest.mark.parametrize("bind", ["127.0.0.1:99999", "no-such-host.invalid:9292", "192.0.2.1:9292", "127.0.0.1:port"])
def test_impossible_addresses(bind):
    with pytest.raises(ValueError, match=f"The service can't listen at {bind}"):
        check_address(bind)


def test_a_taken_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ValueError, match="in use"):
            check_address(f"127.0.0.1:{taken.getsockname()[1]}")


@pytest.mark.parametrize("bind", ["127.0.0.1:0", "unix:/nowhere/socket"])
def test_good_addresses(bind):
    check_address(bind)
