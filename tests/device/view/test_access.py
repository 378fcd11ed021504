"""Who is let in: addresses, tokens, and what a hostile page in the same browser could send."""

from __future__ import annotations

import pytest

from wakeful import ConfigError
from wakeful.device.view.access import COOKIE, PAGE_TOKEN_HEADER, Access, from_own_page, host_is_ours, parse_address

TOKEN = "correct horse battery"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("127.0.0.1:9000", "127.0.0.1:9000"),
        ("localhost:9000", "localhost:9000"),
        ("127.0.0.1", "127.0.0.1:8321"),
        (":9000", "127.0.0.1:9000"),
        ("[::1]:9000", "[::1]:9000"),
        ("::1", "[::1]:8321"),
    ],
)
def test_an_address_on_loopback_needs_no_token(text: str, said: str) -> None:
    address = parse_address(text, None)
    assert str(address) == said
    assert address.loopback


@pytest.mark.parametrize("text", ["0.0.0.0:9000", "192.168.1.7:9000", "[::]:9000", "[fe80::1]:9000"])
def test_an_address_that_others_reach_needs_a_token(text: str) -> None:
    with pytest.raises(ConfigError, match="--view-token"):
        parse_address(text, None)
    assert not parse_address(text, TOKEN).loopback


@pytest.mark.parametrize("text", ["board.local:9000", "127.0.0.1:http", "127.0.0.1:70000", "1.2.3:80", ":-1", ":²"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be served on"):
        parse_address(text, TOKEN)


@pytest.mark.parametrize("token", ["", "short", "long enough but\nwith a line end", "überlange Losung"])
def test_a_weak_or_unprintable_token_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_address("127.0.0.1:9000", token)
    assert not token or token not in str(refused.value)


def test_secrets_do_not_show_when_they_are_printed() -> None:
    access = Access(TOKEN)
    assert not any(secret in repr(access) for secret in (TOKEN, access.page, access.session))


def test_the_token_is_shown_by_the_cookie_or_as_bearer() -> None:
    access = Access(TOKEN)
    assert access.knows({"Cookie": f"other=1; {COOKIE}={access.session}"})
    assert access.knows({"Authorization": f"Bearer {TOKEN}"})
    for wrong in ({}, {"Cookie": f"{COOKIE}={TOKEN}"}, {"Cookie": "\x00;;="}, {"Authorization": "Bearer é"}):
        assert not access.knows(wrong)


def test_without_a_token_everybody_on_the_machine_is_known() -> None:
    assert Access().knows({})
    assert not Access().accepts("")


def test_a_name_rebound_to_this_machine_is_not_ours() -> None:
    for host in ("127.0.0.1:9000", "localhost:9000", "LocalHost", "[::1]:9000", "10.0.0.7:9000", "board.local:9000"):
        assert host_is_ours({"Host": host}, "10.0.0.7", ("board.local",))
    for host in ("evil.example:9000", "10.0.0.8:9000", "", "127.0.0.1.evil.example", "localhost.evil.example:9000"):
        assert not host_is_ours({"Host": host}, "10.0.0.7", ("board.local",))


def test_requests_of_other_pages_are_told_by_what_browsers_say() -> None:
    host = {"Host": "127.0.0.1:9000"}
    assert from_own_page(host)
    assert from_own_page(host | {"Origin": "http://127.0.0.1:9000", "Sec-Fetch-Site": "same-origin"})
    assert not from_own_page(host | {"Origin": "http://evil.example"})
    assert not from_own_page(host | {"Origin": "http://127.0.0.1:9001"})
    assert not from_own_page(host | {"Origin": "null"})
    assert not from_own_page(host | {"Sec-Fetch-Site": "cross-site"})
    assert not from_own_page(host | {"Sec-Fetch-Site": "same-site"})


def test_a_press_must_bring_the_token_of_the_page() -> None:
    access = Access()
    assert access.pressed_on_page({PAGE_TOKEN_HEADER: access.page})
    assert not access.pressed_on_page({PAGE_TOKEN_HEADER: Access().page})
    assert not access.pressed_on_page({})
