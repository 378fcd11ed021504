"""Where runs are kept: a folder, or a prefix in an S3 bucket. A key is a path with slashes, a value a whole file.

Values are JSON, text and pages; nothing that is read from a store is ever executed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from wakeful.device.extras import need
from wakeful.device.fleet.errors import NotInStore, StoreAway, StoreError
from wakeful.files import write_file

S3 = "s3://"
MAX_BYTES = 1 << 30
"""Nothing that a run writes comes near; a larger value is not one of its files."""
DENIED = ("AccessDenied", "403", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken")
MISSING = ("NoSuchKey", "404", "NotFound")


class Store(Protocol):
    """What runs are kept in.

    Attributes:
        url: what names it on a command line, from wherever a worker starts.
    """

    url: str

    def read(self, key: str) -> bytes:
        """The value. Raises ``NotInStore`` where there is none."""
        ...

    def write(self, key: str, value: bytes) -> None:
        """Set the value, in one step."""
        ...

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin with ``prefix``, a folder that ends in a slash, in order."""
        ...

    def names(self, prefix: str) -> list[str]:
        """The names directly in a folder, of values and of folders, in order."""
        ...

    def delete(self, prefix: str) -> None:
        """Delete all values in a folder."""
        ...


def open_store(text: str) -> Store:
    """The store of that name.

    Raises:
        StoreError: it cannot be written, or not be reached.
        ConfigError: it is in S3, and the extra for that is not installed.
    """
    return S3Store(text) if text.startswith(S3) else FolderStore(Path(text))


class FolderStore:
    """A folder on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().absolute()
        self.url = str(self.folder)

    def read(self, key: str) -> bytes:
        path = self.folder / key
        try:
            if path.stat().st_size > MAX_BYTES:
                raise StoreError(f"{path} is larger than anything that a run writes")
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise NotInStore(f"{path}: there is no such file") from None
        except OSError as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(f"{path} cannot be read: {error.strerror}") from None

    def write(self, key: str, value: bytes) -> None:
        path = self.folder / key
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_file(path, value, private=True)
        except OSError as error:
            raise StoreError(
                f"the store {self.folder} cannot be written: {error.strerror}; give --store a folder of your own"
            ) from None

    def keys(self, prefix: str) -> list[str]:
        top = self.folder / prefix
        found = [path for path in top.rglob("*") if path.is_file()] if top.is_dir() else []
        return sorted(path.relative_to(self.folder).as_posix() for path in found)

    def names(self, prefix: str) -> list[str]:
        top = self.folder / prefix
        return sorted(path.name for path in top.iterdir() if not path.name.startswith(".")) if top.is_dir() else []

    def delete(self, prefix: str) -> None:
        try:
            shutil.rmtree(self.folder / prefix)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StoreError(f"{self.folder / prefix} cannot be deleted: {error.strerror}") from None


class S3Store:
    """A prefix in an S3 bucket, through boto3: credentials and addresses come from its usual places."""

    def __init__(self, url: str) -> None:
        self.bucket, _, prefix = url.removeprefix(S3).strip("/").partition("/")
        self.url = f"{S3}{self.bucket}/{prefix}".rstrip("/")
        self._prefix = prefix + "/" if prefix else ""
        if not self.bucket:
            raise StoreError(f"{url} names no bucket: write s3://BUCKET/PREFIX")
        self.client = s3_client()

    def read(self, key: str) -> bytes:
        with s3_errors(f"{self.url}/{key}"):
            answer = self.client.get_object(Bucket=self.bucket, Key=self._prefix + key)
            if answer["ContentLength"] > MAX_BYTES:
                raise StoreError(f"{self.url}/{key} is larger than anything that a run writes")
            value: bytes = answer["Body"].read()
            return value

    def write(self, key: str, value: bytes) -> None:
        with s3_errors(f"{self.url}/{key}"):
            self.client.put_object(Bucket=self.bucket, Key=self._prefix + key, Body=value)

    def keys(self, prefix: str) -> list[str]:
        return sorted(one["Key"].removeprefix(self._prefix) for one in self._listed(prefix, "Contents"))

    def names(self, prefix: str) -> list[str]:
        begin = len(self._prefix + prefix)
        values = [one["Key"][begin:] for one in self._listed(prefix, "Contents", Delimiter="/")]
        folders = [one["Prefix"][begin:].rstrip("/") for one in self._listed(prefix, "CommonPrefixes", Delimiter="/")]
        return sorted(name for name in values + folders if name)

    def delete(self, prefix: str) -> None:
        with s3_errors(f"{self.url}/{prefix}"):
            for key in self.keys(prefix):
                self.client.delete_object(Bucket=self.bucket, Key=self._prefix + key)

    def _listed(self, prefix: str, what: str, **options: Any) -> list[dict[str, Any]]:
        with s3_errors(f"{self.url}/{prefix}"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self._prefix + prefix, **options
            )
            return [one for page in pages for one in page.get(what, ())]


def s3_client() -> Any:
    """A client that gives up within a minute or so, rather than in an hour.

    Raises:
        ConfigError: boto3 is not installed.
    """
    need("fleet", "boto3")
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "max_attempts": 4}
    return boto3.client("s3", config=Config(connect_timeout=10, read_timeout=60, retries=retries))


@contextmanager
def s3_errors(what: str) -> Iterator[None]:
    """Turns what boto3 raises into one line about ``what``."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", "unknown"))
        if code in MISSING:
            raise NotInStore(f"{what}: there is no such object") from None
        if code in DENIED:
            raise StoreError(
                f"{what}: access denied ({code}); check the credentials and the rights of the bucket"
            ) from None
        if code == "NoSuchBucket":
            raise StoreError(f"{what}: there is no such bucket; make it, or name another with --store") from None
        raise StoreAway(f"{what}: S3 answers {code}; try again") from None
    except BotoCoreError as error:
        # Named by its class, as these messages run over several lines with addresses and credentials' places.
        raise StoreAway(
            f"{what}: S3 cannot be reached ({type(error).__name__}); check the network, the region and the credentials"
        ) from None
