"""Variables become settings: what each way to write one means, and one line, without any secret, for one that is none."""

from __future__ import annotations

import pytest

from podwatch.errors import SettingsError
from podwatch.settings import from_environment

PROXIES = ["http://proxy.example:3128", "https://u:p%40@proxy.example", "http://[::1]:3128"]
NO_PROXIES = [
    "proxy.example:3128",
    "socks5://hunter2@proxy.example",
    "http://",
    "http://hunter2@h:x",
    "http://h:0",
    "http://[::1",
]


@pytest.mark.parametrize("url", PROXIES)
def test_a_proxy_is_an_http_address(url: str) -> None:
    found = from_environment({"PODWATCH_SLACK_PROXY": f" {url} "}).slack_proxy
    assert found.reveal() == url
    assert url not in repr(found)


@pytest.mark.parametrize("url", NO_PROXIES)
def test_what_is_no_proxy_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError, match="PODWATCH_SLACK_PROXY: is not the address of a proxy") as caught:
        from_environment({"PODWATCH_SLACK_PROXY": url})
    assert "hunter2" not in caught.value.line


@pytest.mark.parametrize(("given", "seconds"), [("", 30.0), ("12", 12.0), ("0", 1.0), ("2.5", 2.5)])
def test_slack_has_a_timeout(given: str, seconds: float) -> None:
    assert from_environment({"PODWATCH_SLACK_TIMEOUT": given}).slack_timeout == seconds
