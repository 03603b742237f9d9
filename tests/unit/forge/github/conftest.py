"""A server on loopback and a client of it."""

import pytest

from tests.support.answering import answering


@pytest.fixture(name="server")
def _server():
    with answering() as made:
        yield made


@pytest.fixture(name="client")
def _client(server):
    return server.client()
