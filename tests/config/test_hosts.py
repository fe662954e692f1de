"""One kind of failure, whatever is asked for."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visaged.config.hosts import addresses


def test_an_address_is_found() -> None:
    family, kind, _, _, where = addresses("127.0.0.1", 5)[0]
    assert (family, kind, where) == (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 5))


@pytest.mark.parametrize("host", ["192.168.1..20", "a" * 64, "a\x00b", "\ud800"])
def test_what_cannot_be_a_name_does_not_resolve(host: str) -> None:
    with pytest.raises(socket.gaierror) as caught:
        addresses(host, 1)
    assert caught.value.strerror.startswith("it cannot be a name")


@given(st.text(st.characters(), max_size=90), st.integers(-(2**70), 2**70))
def test_nothing_but_gaierror_comes_of_any_text(host: str, port: int) -> None:
    try:
        addresses(host, port, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV)
    except socket.gaierror as error:
        assert error.strerror
