"""REDIS_URL: what can be used, and what is said of what cannot; never the password in it."""

from __future__ import annotations

import pytest

from server.settings import BadSetting, Settings, from_environment

PASSWORD = "quite-secret-word"


@pytest.mark.parametrize(
    "url",
    [
        "redis://cache.example.org",
        f"redis://:{PASSWORD}@cache.example.org:6380/3",
        f"rediss://beside:{PASSWORD}@[::1]:6380/0?ssl_cert_reqs=none",
    ],
)
def test_a_url_that_redis_takes_is_taken(url: str) -> None:
    settings = from_environment({"REDIS_URL": f" {url} "})
    assert settings.redis_url == url
    assert PASSWORD not in repr(settings)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"http://:{PASSWORD}@cache.example.org", "redis:// or rediss://"),
        (f"unix://:{PASSWORD}@/run/redis.sock", "redis:// or rediss://"),
        (f"redis://:{PASSWORD}@", "no host"),
        (f"redis://:{PASSWORD}@cache.example.org:none/", "cannot be read"),
        (f"redis://:{PASSWORD}@cache.example.org/main", "number of a database"),
        (f"rediss://:{PASSWORD}@cache.example.org?retry_on_timeout=1", "options"),
        (f"redis://:{PASSWORD}@cache.example.org?ssl_cert_reqs=none", "rediss://"),
        (f"rediss://:{PASSWORD}@cache.example.org?ssl_cert_reqs=always", "required, optional, none"),
        (f"rediss://:{PASSWORD}@cache.example.org?ssl_check_hostname=maybe", "true, false"),
        (f"rediss://:{PASSWORD}@cache.example.org?ssl_ca_certs=/no/such/file.pem", "ssl_ca_certs"),
    ],
)
def test_a_url_that_cannot_be_used_says_what_to_write(url: str, says: str) -> None:
    with pytest.raises(BadSetting, match=says) as refused:
        from_environment({"REDIS_URL": url})
    assert str(refused.value).startswith("REDIS_URL ")
    assert PASSWORD not in str(refused.value)
    assert "cache" not in str(refused.value)


@pytest.mark.parametrize(
    ("environment", "namespace"),
    [
        ({"REDIS_URL": "redis://cache"}, "0"),
        ({"REDIS_URL": "redis://cache/7"}, "7"),
        ({"REDIS_URL": "redis://cache/7", "BESIDE_REDIS_NAMESPACE": "evening"}, "evening"),
    ],
)
def test_a_deployment_has_a_name_in_the_redis_that_it_shares(environment: dict[str, str], namespace: str) -> None:
    assert from_environment(environment).redis_namespace == namespace


@pytest.mark.parametrize("name", ["a b", "{x}", "x" * 33, "x\n"])
def test_a_name_that_would_break_the_others_is_refused(name: str) -> None:
    with pytest.raises(BadSetting, match="BESIDE_REDIS_NAMESPACE"):
        from_environment({"REDIS_URL": "redis://cache", "BESIDE_REDIS_NAMESPACE": name})


def test_without_one_there_is_none() -> None:
    assert from_environment({}).redis_url == Settings().redis_url == ""
    assert from_environment({"REDIS_URL": " "}).redis_url == ""
