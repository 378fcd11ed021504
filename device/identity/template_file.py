"""One enrolled person as a file: embeddings, the network they come from, nothing that could be drawn.

Plain JSON, or the same encrypted with a key that lies elsewhere. What comes from outside is checked value by value.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wakeful.device.drivers import is_driver_name
from wakeful.device.extras import need
from wakeful.errors import ConfigError
from wakeful.frozen import dataclass

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

FORMAT = 1
SIZE = 128
MAX_LOOKS = 30
MAX_BYTES = 64 * 1024
LENGTH_WITHIN = 1e-2
"""A stored embedding has length 1, up to rounding."""
ENCRYPTED = b"wakeful identity, encrypted 1\n"
LEAST_KEY_BYTES = 32
VERSION, DAY = re.compile(r"[A-Za-z0-9 ._-]{1,64}"), re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class TemplateError(ConfigError):
    """A file that is no template, or one that cannot be used here."""


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """One enrolled person.

    Attributes:
        network: version of the network that made the embeddings.
        looks: float32 [n, 128], each of length 1.
        enrolled: the day, as in 2026-11-29.
    """

    name: str
    network: str
    looks: NDArray[np.float32]
    enrolled: str


def read_key(file: Path) -> Fernet:
    """The cipher of a key file: any 32 bytes or more that nobody can guess.

    Raises:
        ConfigError: the extra is not installed, or the file cannot be used as a key.
    """
    need("encrypt", "cryptography")
    from cryptography.fernet import Fernet

    try:
        secret, mode = file.read_bytes(), file.stat().st_mode
    except OSError as error:
        raise ConfigError(f"the key {file} cannot be read ({error.strerror}): check [driver] key or --key") from None
    if len(secret) < LEAST_KEY_BYTES:
        raise ConfigError(
            f"the key {file} is too short: `head -c 32 /dev/urandom > {file}; chmod 600 {file}` makes one"
        )
    if mode & stat.S_IROTH:
        raise ConfigError(f"everybody can read the key {file}: chmod 600 {file}")
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret).digest()))


def encoded(template: Template, cipher: Fernet | None) -> bytes:
    """The file of a template."""
    looks = np.ascontiguousarray(template.looks, "<f4")
    fields = {
        "wakeful_identity": FORMAT,
        "name": template.name,
        "network": template.network,
        "enrolled": template.enrolled,
        "looks": base64.b64encode(looks.tobytes()).decode("ascii"),
    }
    data = json.dumps(fields).encode()
    return data if cipher is None else ENCRYPTED + cipher.encrypt(data)


def decoded(data: bytes, where: object, cipher: Fernet | None) -> Template:
    """The template in a file.

    Args:
        where: how the file is called in messages.

    Raises:
        TemplateError: it is none, or encrypted with another key.
    """
    if len(data) > MAX_BYTES:
        raise TemplateError(f"{where} is not a face template of wakeful: it is too large")
    if data.startswith(ENCRYPTED):
        data = _decrypted(data.removeprefix(ENCRYPTED), where, cipher)
    try:
        return _checked(json.loads(data))
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        reason = str(error) if isinstance(error, _Unfit) else "it is damaged or another program's"
        raise TemplateError(f"{where} is not a face template of wakeful: {reason}") from None


def _decrypted(token: bytes, where: object, cipher: Fernet | None) -> bytes:
    if cipher is None:
        raise TemplateError(f"{where} is encrypted: name its key by --key or [driver] key")
    from cryptography.fernet import InvalidToken

    try:
        return cipher.decrypt(token)
    except InvalidToken:
        raise TemplateError(f"{where} is encrypted with another key, or damaged") from None


class _Unfit(ValueError):
    """A value that no template has."""


def _checked(fields: Any) -> Template:
    if not isinstance(fields, dict) or "wakeful_identity" not in fields:
        raise _Unfit("it is another program's")
    if fields["wakeful_identity"] != FORMAT:
        raise _Unfit("it was written by another version of wakeful")
    name, network, enrolled = (fields[key] for key in ("name", "network", "enrolled"))
    if not all(isinstance(text, str) for text in (name, network, enrolled)):
        raise _Unfit("it is damaged")
    if not VERSION.fullmatch(network) or not DAY.fullmatch(enrolled):
        raise _Unfit("it is damaged")
    if not is_driver_name(name):
        raise _Unfit(f"{name!r} is not a driver name")
    looks = np.frombuffer(base64.b64decode(fields["looks"], validate=True), "<f4").reshape(-1, SIZE)
    sound = bool((np.abs(looks) <= 1.0 + LENGTH_WITHIN).all())
    lengths = np.linalg.norm(looks, axis=1) if sound else np.zeros(len(looks))
    if not 1 <= len(looks) <= MAX_LOOKS or not (np.abs(lengths - 1.0) <= LENGTH_WITHIN).all():
        raise _Unfit("it is damaged")
    return Template(name, network, looks.astype(np.float32), enrolled)
