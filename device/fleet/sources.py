"""Finds logs in folders and buckets, and pins each: a log that is still being written is not judged as a whole one."""

from __future__ import annotations

import hashlib
import io
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from wakeful.device.fleet.errors import NotInStore, StoreError
from wakeful.device.fleet.store import S3, S3Store, s3_client, s3_errors
from wakeful.device.record.checks import InvalidMessage, flag, parse, text, whole
from wakeful.device.record.container import Condition, messages
from wakeful.device.record.errors import LogError
from wakeful.device.record.reader import HEAD_WITHIN, REPAIRED, SUFFIX
from wakeful.device.record.schema import CONFIG
from wakeful.device.sanitise import printable
from wakeful.frozen import dataclass

HEAD_BYTES = 512 << 10
"""So much of a log in S3 is fetched to plan it; the head of a log is far smaller."""


@dataclass(frozen=True, slots=True)
class Pin:
    """One file as it was when the run was planned.

    Attributes:
        place: its path on this machine, or its address in S3.
        name: from the folder that was given, with slashes.
        digest: sha256 of its content, or the ETag that S3 keeps of it; "" where it could not be read.
    """

    place: str
    name: str
    bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Head:
    """The part of a log's head that says which recording the file belongs to."""

    session: str = ""
    part: int = 0
    cut: bool = False
    wall_ns: int = 0


def find(logs: Sequence[str]) -> list[tuple[Pin, Head]]:
    """All logs in these files, folders and S3 prefixes, with what their heads say; an empty head where there is none.

    Raises:
        LogError: a place does not exist, or holds no logs.
        StoreError: S3 does not answer.
    """
    found: dict[str, tuple[Pin, Head]] = {}
    for place in logs:
        for pin, head in _in_s3(place) if place.startswith(S3) else _in_folder(Path(place)):
            found.setdefault(pin.place, (pin, head))
    return list(found.values())


@contextmanager
def opened(pins: Iterable[Pin]) -> Iterator[list[Path]]:
    """The files of a recording on this machine, each as it was pinned.

    Raises:
        LogError: one has changed, or is gone.
        StoreError: S3 does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="wakeful-fleet-") as folder:
        yield [_fetched(pin, Path(folder)) if pin.place.startswith(S3) else _checked(pin) for pin in pins]


def _in_folder(place: Path) -> Iterator[tuple[Pin, Head]]:
    if not place.is_dir():
        if not place.exists():
            raise LogError(f"{place}: there is no such log or folder")
        files, root = [place], place.parent
    else:
        files, root = sorted(path for path in place.rglob(f"*{SUFFIX}") if path.is_file()), place
        if not files:
            raise LogError(f"{place} holds no logs (*{SUFFIX}), nor do the folders in it")
    replaced = _replaced(files)
    for path in files:
        if path not in replaced:
            name = printable(path.relative_to(root).as_posix())
            yield _pin(path.absolute(), name), _head_of(path)


def _replaced(files: Sequence[Path]) -> set[Path]:
    """Logs that a repaired one beside them replaces."""
    return {path.with_name(path.name.removesuffix(REPAIRED) + SUFFIX) for path in files if path.name.endswith(REPAIRED)}


def _pin(path: Path, name: str) -> Pin:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return Pin(str(path), name, file.tell(), digest)
    except OSError:
        return Pin(str(path), name, 0, "")


def _head_of(path: Path) -> Head:
    try:
        with path.open("rb") as file:
            return read_head(file, path.name)
    except OSError:
        return Head()


def read_head(file: BinaryIO, name: str) -> Head:
    """What the head of an open log says; empty where it has none that can be used."""
    try:
        for count, message in enumerate(messages(file, name, Condition())):
            if message.topic == CONFIG:
                return _head(message.data)
            if count >= HEAD_WITHIN:
                break
    except (LogError, InvalidMessage, KeyError):
        pass
    return Head()


def _head(data: bytes) -> Head:
    values = parse(data)
    return Head(
        session=text(values["session"]),
        part=whole(values["part"]),
        cut=flag(values.get("cut", False)),
        wall_ns=whole(values["wall_ns"]),
    )


def _checked(pin: Pin) -> Path:
    path = Path(pin.place)
    if not pin.digest:
        raise LogError(f"{pin.name} could not be read when the run was planned; check its rights")
    now = _pin(path, pin.name)
    if not now.digest:
        raise LogError(f"{pin.name} is gone since the run was planned, or cannot be read any more")
    if (now.bytes, now.digest) != (pin.bytes, pin.digest):
        raise Changed(f"{pin.name} has changed since the run was planned: it may still be written; plan again")
    return path


class Changed(LogError):
    """A log that is not what was planned."""


def _in_s3(place: str) -> Iterator[tuple[Pin, Head]]:
    store = S3Store(place)
    prefix = place.removeprefix(f"{S3}{store.bucket}").lstrip("/")
    with s3_errors(place):
        pages = store.client.get_paginator("list_objects_v2").paginate(Bucket=store.bucket, Prefix=prefix)
        listed = {one["Key"]: one for page in pages for one in page.get("Contents", ()) if one["Key"].endswith(SUFFIX)}
    if not listed:
        raise LogError(f"{place} holds no logs (*{SUFFIX})")
    gone = {key.removesuffix(REPAIRED) + SUFFIX for key in listed if key.endswith(REPAIRED)}
    # A folder's logs are named from it, as on a disk; one log, or a part of a name, from the folder it is in.
    folder = prefix.rstrip("/") + "/" if prefix else ""
    root = folder if all(key.startswith(folder) for key in listed) else prefix[: prefix.rfind("/") + 1]
    for key, one in sorted(listed.items()):
        if key in gone:
            continue
        pin = Pin(f"{S3}{store.bucket}/{key}", printable(key.removeprefix(root)), one["Size"], one["ETag"].strip('"'))
        last = min(HEAD_BYTES, one["Size"]) - 1
        with s3_errors(pin.place):
            part = (
                store.client.get_object(Bucket=store.bucket, Key=key, Range=f"bytes=0-{max(0, last)}")
                if last >= 0
                else None
            )
            data = part["Body"].read() if part else b""
        yield pin, read_head(io.BytesIO(data), pin.name)


def _fetched(pin: Pin, folder: Path) -> Path:
    """The log under its own name, since reports name it."""
    from botocore.exceptions import ClientError

    bucket, _, key = pin.place.removeprefix(S3).partition("/")
    target = folder / PurePosixPath(key).name
    try:
        with s3_errors(pin.place):
            try:
                answer = s3_client().get_object(Bucket=bucket, Key=key, IfMatch=pin.digest)
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in ("PreconditionFailed", "412"):
                    raise Changed(f"{pin.name} has changed since the run was planned; plan again") from None
                raise
            with target.open("wb") as file:
                shutil.copyfileobj(answer["Body"], file, 1 << 20)
    except NotInStore:
        raise LogError(f"{pin.name} is gone since the run was planned") from None
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(f"{target} cannot be written: {error.strerror}; make room") from None
    return target
