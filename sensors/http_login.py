"""The answer to a server that asks for a login: HTTP's Basic and Digest (RFC 7617, RFC 7616)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from urllib.request import parse_http_list, parse_keqv_list

from wakeful.sensors.address import Address

HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def authorization(address: Address, challenges: Sequence[str], method: str = "GET") -> str | None:
    """The header ``Authorization`` for one of the ``WWW-Authenticate`` headers; None if no challenge is known."""
    kinds = {}
    for challenge in challenges:
        kind, _, rest = challenge.strip().partition(" ")
        kinds[kind.lower()] = rest
    if "digest" in kinds:
        answer = _digest(address, parse_keqv_list(parse_http_list(kinds["digest"])), method)
        if answer:
            return answer
    if "basic" in kinds:
        login = f"{address.user}:{address.password}".encode()
        return f"Basic {base64.b64encode(login).decode('ascii')}"
    return None


def _digest(address: Address, asked: dict[str, str], method: str) -> str | None:
    algorithm = asked.get("algorithm", "MD5")
    maker = HASHES.get(algorithm.upper().removesuffix("-SESS"))
    realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
    if maker is None or any(mark in address.user + realm + nonce for mark in '"\r\n'):
        return None

    def digest(*parts: str) -> str:
        return maker(":".join(parts).encode()).hexdigest()

    count, own = "00000001", secrets.token_hex(8)
    login = digest(address.user, realm, address.password)
    if algorithm.upper().endswith("-SESS"):
        login = digest(login, nonce, own)
    request = digest(method, address.target)
    answer = {"username": address.user, "realm": realm, "nonce": nonce, "uri": address.target}
    if "auth" in asked.get("qop", "").replace(" ", "").split(","):
        answer["response"] = digest(login, nonce, count, own, "auth", request)
        answer |= {"cnonce": own}
        bare = f", qop=auth, nc={count}"
    else:
        answer["response"] = digest(login, nonce, request)
        bare = ""
    if "opaque" in asked:
        answer["opaque"] = asked["opaque"]
    quoted = ", ".join(f'{key}="{value}"' for key, value in answer.items())
    return f"Digest {quoted}{bare}, algorithm={algorithm}"
