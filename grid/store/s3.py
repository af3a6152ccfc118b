"""The store on S3, or on a service that speaks it (`AWS_ENDPOINT_URL`), through s3fs.

`put_new` is a PUT with If-None-Match: * (s3fs `mode="create"`): the service itself refuses an
existing key. fsspec's listing caches are off, since another process's pieces must be seen, and the
library's own retries are off too: how long is waited is decided here.
"""

from __future__ import annotations

import errno
import os
import time
import uuid
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from grid.store.base import Keys, Store, StoredFile, checked_key
from grid.store.errors import StoreError, StoreMissing, StoreUnwritable, StoreUrlRefused

Answer = TypeVar("Answer")

TRIES = 9
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 8.0
_CONNECTED_BY = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_PROFILE")
_LARGE = ".safetensors"
_WRITER = "crossgen-writer"
_REFUSED_AS_EXISTING = {"PreconditionFailed", "412"}
# A conditional PUT that meets another one in flight: S3 asks to repeat it.
_WORTH_REPEATING = {"ConditionalRequestConflict", "SlowDown", "RequestTimeout", "InternalError"}


class S3Store(Store):
    """A prefix in a bucket. Credentials and endpoint come from the usual AWS_* variables."""

    def __init__(self, url: str) -> None:
        bucket, _, prefix = url.removeprefix("s3://").strip("/").partition("/")
        if not bucket:
            raise StoreUrlRefused(f"store {url!r}: it names no bucket; write s3://bucket/prefix.")
        self.bucket = bucket
        self.root = f"{bucket}/{prefix}".rstrip("/")
        self.url = f"s3://{self.root}"

    @property
    def filesystem(self) -> Any:
        """The s3fs file system of this process; a forked child makes its own."""
        return _connection(os.getpid(), *(os.environ.get(name) for name in _CONNECTED_BY))

    def get(self, key: str) -> bytes:
        """Return the bytes of `key`."""
        path = self._path(key)
        # In parts at once only what is large: to know that asks for the size first, each time.
        parts = {} if key.endswith(_LARGE) else {"max_concurrency": 1}
        try:
            return bytes(self._reading(key, lambda: self.filesystem.cat_file(path, **parts)))
        except FileNotFoundError as error:
            raise StoreMissing(
                f"{key}: the store {self.url} has no such object; run `crossgen status FILE` to "
                "see what is there.",
                key,
            ) from error

    def get_many(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return the bytes of several keys, fetched side by side."""
        paths = {self._path(key): key for key in keys}
        if not paths:
            return {}
        answers = self.filesystem.cat(list(paths), on_error="return")
        found = {}
        for path, key in paths.items():
            answer = answers.get(path)
            if isinstance(answer, bytes):
                found[key] = answer
            elif not isinstance(answer, FileNotFoundError):
                found[key] = self.get(key)  # repeated alone, with the waits of `get`
        return found

    def get_tails(self, keys: Sequence[str], size: int) -> dict[str, bytes]:
        """Return the last `size` bytes of several keys, fetched side by side."""
        paths = [self._path(key) for key in keys]
        if not paths:
            return {}
        tails = self.filesystem.cat_ranges(
            paths, [-size] * len(paths), [None] * len(paths), on_error="return"
        )
        found = {}
        for key, tail in zip(keys, tails, strict=True):
            if isinstance(tail, bytes):
                found[key] = tail
            elif not isinstance(tail, FileNotFoundError):
                found[key] = self.get(key)[-size:]  # repeated alone, with the waits of `get`
        return found

    def arrow_location(self) -> tuple[Any, str]:
        """Return s3fs in pyarrow's clothes, and the bucket and prefix."""
        from pyarrow.fs import FSSpecHandler, PyFileSystem

        return PyFileSystem(FSSpecHandler(self.filesystem)), self.root

    def exists(self, key: str) -> bool:
        """Say whether `key` is there."""
        path = self._path(key)
        try:
            facts = self._reading(key, lambda: self.filesystem.info(path, refresh=True))
        except FileNotFoundError:
            return False
        return bool(facts["type"] == "file")

    def list(self, prefix: str = "") -> Keys:
        """Return the keys that start with `prefix`: one listing, a thousand keys a request."""
        folder = prefix.rpartition("/")[0]
        return sorted(key for key in self._find(folder) if key.startswith(prefix))

    def entries(self, prefix: str = "") -> Sequence[StoredFile]:
        """Return size and time of everything below the folder `prefix`."""
        found = self._find(prefix.rstrip("/"))
        return [
            StoredFile(
                key=key, bytes=int(facts["size"]), modified_s=facts["LastModified"].timestamp()
            )
            for key, facts in sorted(found.items())
        ]

    def now_s(self) -> float:
        """Return this host's time; S3 stamps with its own, and the grace of `gc` covers both."""
        return time.time()

    def put_new(self, key: str, data: bytes) -> bool:
        """Create `key` by a conditional PUT.

        A refusal may be about our own PUT, whose answer was lost: not only we repeat it, aiohttp
        does so too, in silence, on a kept connection that breaks. So each object says by whom it
        was created.
        """
        path, writer = self._path(key), uuid.uuid4().hex

        def create() -> bool:
            try:
                self.filesystem.pipe_file(path, data, mode="create", Metadata={_WRITER: writer})
            except OSError as error:
                if isinstance(error, FileExistsError) or _code(error) in _REFUSED_AS_EXISTING:
                    return self._writer(path) == writer
                raise
            return True

        return self._writing(key, create)

    def _writer(self, path: str) -> str:
        """Return by whom an object was created; "" where it is gone again."""
        try:
            return str(self.filesystem.metadata(path).get(_WRITER, ""))
        except FileNotFoundError:
            return ""

    def put_checkpoint(self, key: str, data: bytes) -> None:
        """Create or replace `key`; a PUT is whole or not at all."""
        path = self._path(key)
        self._writing(key, lambda: self.filesystem.pipe_file(path, data))

    def delete(self, key: str) -> None:
        """Remove `key`."""
        path = self._path(key)
        try:
            self._writing(key, lambda: self.filesystem.rm_file(path))
        except FileNotFoundError:
            return

    def _find(self, folder: str) -> dict[str, Any]:
        path = self._path(folder) if folder else self.root
        found = self._reading(
            folder or "the store", lambda: self.filesystem.find(path, detail=True, refresh=True)
        )
        inside = path + "/"
        return {
            str(name).removeprefix(self.root + "/"): facts
            for name, facts in found.items()
            if str(name).startswith(inside)
        }

    def _path(self, key: str) -> str:
        return f"{self.root}/{checked_key(key)}"

    def _reading(self, key: str, request: Callable[[], Answer]) -> Answer:
        try:
            return _repeated(request)
        except FileNotFoundError:
            raise
        except Exception as error:
            if not _is_storage_error(error):
                raise
            complaint = f"the store {self.url} could not be read ({_words(error)})"
            raise StoreError(
                f"{key}: {complaint}; check the credentials, AWS_ENDPOINT_URL and the network.",
                key,
                passing=complaint if _is_passing(error) else "",
            ) from error

    def _writing(self, key: str, request: Callable[[], Answer]) -> Answer:
        try:
            return _repeated(request)
        except StoreError:
            raise
        except Exception as error:
            if not _is_storage_error(error):
                raise
            complaint = f"the store {self.url} cannot be written ({_words(error)})"
            raise StoreUnwritable(
                f"{key}: {complaint}; check that the bucket exists, the credentials may write to "
                "it and the network is up, then run the same command again.",
                key,
                passing=complaint if _is_passing(error) else "",
            ) from error


@lru_cache(maxsize=4)
def _connection(process_id: int, endpoint_url: str | None, *credentials: str | None) -> Any:
    """Connect once per process, endpoint and credentials: reading botocore's tables takes 0.5 s."""
    import s3fs

    connection = s3fs.S3FileSystem(
        endpoint_url=endpoint_url or None,
        use_listings_cache=False,
        skip_instance_cache=True,
        config_kwargs={"retries": {"max_attempts": 0}},
    )
    connection.retries = 1
    return connection


def _repeated(request: Callable[[], Answer]) -> Answer:
    """Repeat a request that met a passing fault, waiting longer each time (24 s in all).

    An outage that is longer is a run's to wait for, which can be stopped: `grid.store.patience`.
    """
    for attempt in range(TRIES):
        try:
            return request()
        except Exception as error:
            if attempt == TRIES - 1 or not _is_passing(error):
                raise
            # The random part keeps hundreds of workers from knocking at the same moment.
            spread = 0.5 + (uuid.uuid4().int % 1000) / 1000
            time.sleep(min(FIRST_WAIT_S * 2**attempt, LONGEST_WAIT_S) * spread)
    raise AssertionError("the last try returns or raises")


def _client_error(error: BaseException) -> dict[str, Any]:
    """Return botocore's answer, which s3fs keeps as the cause of the error it makes of it."""
    for candidate in (error, error.__cause__):
        response = getattr(candidate, "response", None)
        if isinstance(response, dict):
            return response
    return {}


def _code(error: BaseException) -> str:
    return str(_client_error(error).get("Error", {}).get("Code", ""))


def _is_passing(error: BaseException) -> bool:
    response = _client_error(error)
    if response:
        status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        return status >= 500 or status == 429 or _code(error) in _WORTH_REPEATING
    if isinstance(error, (ConnectionError, TimeoutError)):
        return True
    if isinstance(error, OSError) and error.errno == errno.EBUSY:
        return True
    return _is_transport_error(error)


def _is_transport_error(error: BaseException) -> bool:
    """No answer, or half of one: refused, reset, timed out, cut off in its midst."""
    from botocore.exceptions import ConnectionError as Unreachable
    from s3fs.core import S3_RETRYABLE_ERRORS

    return isinstance(error, (Unreachable, *S3_RETRYABLE_ERRORS))


def _is_storage_error(error: BaseException) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    storage = isinstance(error, (OSError, BotoCoreError, ClientError))
    return storage or _is_transport_error(error)


def _words(error: BaseException) -> str:
    return str(error) or type(error).__name__
