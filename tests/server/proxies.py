"""The proxies of deploy/, with their samples, in front of real servers."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.server.child import REPO

DEPLOY = REPO / "deploy"


def program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        pytest.skip(f"{name} is not on this machine")
    return found


def nginx(folder: Path, front: int, backs: Sequence[int]) -> tuple[list[str], dict[str, str]]:
    """The sample without TLS, inside the least that nginx wants around it. Returns its words and environment."""
    sample = (DEPLOY / "nginx.conf").read_text()
    sample = re.sub(r"\n *ssl_certificate.*", "", sample.replace("listen 443 ssl;", f"listen 127.0.0.1:{front};"))
    each = "\n".join(rf"server 127.0.0.1:{back}\1" for back in backs)
    sample = re.sub(r"server 127\.0\.0\.1:8765(.*)", each, sample).replace("beside.example.org", "127.0.0.1")
    places = "".join(
        f"{kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder / 'pid'}; error_log {folder / 'error.log'};\n"
        f"events {{}}\nhttp {{ {places}\n{sample}\n}}\n"
    )
    return [program("nginx"), "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")], {}


def caddy(folder: Path, front: int, backs: Sequence[int]) -> tuple[list[str], dict[str, str]]:
    """The sample without TLS and without Caddy's port for orders; for several nodes with its lines for them."""
    sample = (DEPLOY / "Caddyfile").read_text()
    sample = sample.replace("127.0.0.1:8765", " ".join(f"127.0.0.1:{back}" for back in backs))
    if len(backs) > 1:
        sample = re.sub(r"^\t\t# (?=\w+_)", "\t\t", sample, flags=re.MULTILINE)
    sample = sample.replace("beside.example.org {", f"http://127.0.0.1:{front} {{")
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https off\n}\n" + sample)
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    return [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")], home


@contextmanager
def running(words: list[str], more: dict[str, str], folder: Path) -> Iterator[None]:
    with (folder / "said").open("ab") as said:
        process = subprocess.Popen(words, env=os.environ | more, stdout=said, stderr=said)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


async def answers(line: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with line.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False
