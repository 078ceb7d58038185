"""A Redis behind TLS (`rediss://`), whose certificate is of a CA of one's own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server import doctor
from server.doctor import Finding, Level
from server.settings import from_environment
from tests.contracts.test_bus import nodes
from tests.contracts.valkey import a_valkey
from tests.nodes.webs import carry


def a_certificate(folder: Path) -> ssl.SSLContext:
    """For localhost, sealed by itself; `ca.pem` is what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    sealed = made.sign(key, hashes.SHA256())
    (folder / "ca.pem").write_bytes(sealed.public_bytes(serialization.Encoding.PEM))
    private = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*private))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


@asynccontextmanager
async def tls_before(port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """The Valkey of the wheel speaks none itself. Gives the port on which something does."""

    async def serve(their: asyncio.StreamReader, to_them: asyncio.StreamWriter) -> None:
        ours, to_us = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(their, to_us), carry(ours, to_them))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    with a_valkey(tmp_path / "valkey") as valkey:
        async with tls_before(valkey.port, a_certificate(tmp_path)) as port:
            yield f"rediss://localhost:{port}"


async def doctor_on(url: str) -> Finding:
    settings = from_environment({"REDIS_URL": url, "DATABASE_URL": "postgresql://localhost/that-others-look-at"})
    (one,) = await asyncio.to_thread(lambda: list(doctor.redis(settings)))
    return one


async def test_nodes_hear_each_other_through_tls_whose_ca_they_are_told(address: str, tmp_path: Path) -> None:
    url = f"{address}?ssl_ca_certs={tmp_path / 'ca.pem'}"
    async with nodes(url) as (oslo, rome):
        oslo.bus.publish("topic", b"said")
        assert await rome.hears() == b"said"
    assert (await doctor_on(url)).level is Level.OK


async def test_doctor_says_of_a_certificate_that_it_is_not_trusted(address: str, tmp_path: Path) -> None:
    unknown = await doctor_on(address)
    assert (unknown.level, "certificate" in unknown.what, "ssl_ca_certs" in unknown.do) == (Level.MEND, True, True)
    other_name = f"{address.replace('localhost', '127.0.0.1')}?ssl_ca_certs={tmp_path / 'ca.pem'}"
    assert "another name" in (await doctor_on(other_name)).what
