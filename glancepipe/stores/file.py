"""file: each image is a file named after it, in one of the backend's directories (FEATURES 10.2-01).

A write goes to a temporary name beside the final one and gets that only when every byte is on the disk, so
whatever has an image's name is whole (FEATURES 12-22). The URL is ``file://`` and the path, unquoted, as
glance_store writes it; a path that doesn't lie directly in one of the directories is nothing of ours.
"""

from __future__ import annotations

import json
import os
import stat
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any

from oslo_config import cfg

from glancepipe.contract import Data, Span, Store, Written
from glancepipe.contract.errors import Duplicate, Invalid, NoData, StoreError, StoreFull, StoreUnavailable
from glancepipe.stores.partfile import PartFile, operating_system, sync_directory

_FILE_SYSTEM_BLOCK = 4096
"""No file system makes smaller holes."""
_PROBE = "glancepipe-probe-"


class FileStore(Store):
    """Files in one directory, or in several with priorities."""

    schemes = ("file", "filesystem")
    ranged = True
    options = (
        cfg.StrOpt("filesystem_store_datadir", help="Directory of the images. Default: images in the directory state_path."),
        cfg.MultiStrOpt(
            "filesystem_store_datadirs",
            help="Several directories instead of one, each as path:priority. An image goes to the highest priority where "
            "it fits, there to the directory with the most free space.",
        ),
        cfg.StrOpt(
            "filesystem_store_metadata_file",
            help="JSON file with an object, or a list of objects, that have at least id and mountpoint: an image's location "
            "carries the one whose mountpoint it lies under.",
        ),
        cfg.IntOpt("filesystem_store_file_perm", default=0, help="Permissions of image files in octal digits; 0 leaves them to the umask."),
        cfg.IntOpt(
            "filesystem_store_chunk_size",
            default=65536,
            min=1,
            help="Length in bytes of the zeros that filesystem_thin_provisioning turns into a hole. (Data moves in blocks "
            "of 1 MiB whatever stands here.)",
        ),
        cfg.BoolOpt("filesystem_thin_provisioning", default=False, help="Make holes in image files instead of writing zeros."),
    )

    def __init__(self, conf: cfg.ConfigOpts, name: str) -> None:
        """Raises ValueError for options that contradict each other."""
        super().__init__(conf, name)
        self.directories = _directories(conf.state_path, self.settings)
        """Priority by directory."""
        self._mode = _mode(self.settings.filesystem_store_file_perm)
        self._hole = 0
        if self.settings.filesystem_thin_provisioning:
            self._hole = max(self.settings.filesystem_store_chunk_size, _FILE_SYSTEM_BLOCK)
        self._exports: Sequence[Mapping[str, Any]] = ()

    def start(self) -> None:
        for directory in self.directories:
            # A full store is not down: it is read, and each upload learns that it doesn't fit.
            with suppress(StoreFull), operating_system(f"The store {self.name!r} can't write to {directory}"):
                os.makedirs(directory, exist_ok=True)
                _let_through(directory, self._mode)
                _probe(directory)
        if self.settings.filesystem_store_metadata_file:
            self._exports = _exports(self.settings.filesystem_store_metadata_file)

    def write(self, image_id: str, data: Iterable[bytes], size: int | None) -> Written:
        name = _file_name(image_id)
        with self._system("write"):
            if any(os.path.lexists(os.path.join(directory, name)) for directory in self.directories):
                raise Duplicate(f"The store has data of image {image_id} already.")
            part = PartFile(self._roomiest(size), name, self._hole)
        try:
            # The blocks' own errors pass untouched: only what this store does is the store's error.
            for block in data:
                with self._system("write"):
                    part.append(block)
            with self._system("write"):
                part.keep(self._mode)
        finally:
            part.close()
        return Written(f"file://{part.final}", part.size, self._export(part.final))

    def read(self, url: str, span: Span | None = None) -> Data:
        path = self._path(url)
        with self._system("read"):
            try:
                file = open(path, "rb", buffering=0)  # noqa: SIM115 - Data closes it
            except (FileNotFoundError, IsADirectoryError):
                raise NoData from None
            try:
                size = os.fstat(file.fileno()).st_size
                if span is not None:
                    if span.start + span.length > size:
                        raise StoreError("The stored data is shorter than the image.")
                    file.seek(span.start)
                    size = span.length
            except BaseException:
                file.close()
                raise
        return Data(size=size, file=file, close=file.close)

    def size(self, url: str) -> int:
        with self._system("read"):
            try:
                found = os.stat(self._path(url))
            except FileNotFoundError:
                raise NoData from None
        if not stat.S_ISREG(found.st_mode):
            raise NoData
        return found.st_size

    def erase(self, url: str) -> None:
        self._unlink([self._path(url)])

    def discard(self, image_id: str) -> None:
        name = _file_name(image_id)
        for directory in self.directories:
            with self._system("clean up"):
                left = [entry for entry in os.listdir(directory) if entry == name or PartFile.of(entry, name)]
            self._unlink([os.path.join(directory, entry) for entry in left])

    def owns(self, url: str) -> bool:
        return self._lookup(url) is not None

    def properties(self) -> Mapping[str, Any]:
        several = list(self.directories)
        return {
            "data_dir": several[0] if len(several) == 1 else several,
            "chunk_size": self.settings.filesystem_store_chunk_size,
            "thin_provisioning": self.settings.filesystem_thin_provisioning,
        }

    def _path(self, url: str) -> str:
        path = self._lookup(url)
        if path is None:
            raise NoData("The location is not in this store.")
        return path

    def _lookup(self, url: str) -> str | None:
        scheme, _, path = url.partition("://")
        if scheme not in self.schemes or not path.startswith("/") or "\0" in path:
            return None
        # Not resolved, only normalized: directories are often links to where the space is.
        path = os.path.normpath("/" + path.lstrip("/"))
        directory, name = os.path.split(path)
        return path if directory in self.directories and not name.startswith(".") else None

    def _unlink(self, paths: Sequence[str]) -> None:
        with self._system("erase"):
            for path in paths:
                try:
                    os.unlink(path)
                except FileNotFoundError:
                    continue
                sync_directory(os.path.dirname(path))

    def _roomiest(self, size: int | None) -> str:
        needed = 0 if self._hole or size is None else size
        usable = [
            (priority, free, directory)
            for directory, priority in self.directories.items()
            if (free := _free(directory)) is None or free >= needed
        ]
        if not usable:
            raise StoreFull
        return max(usable, key=lambda candidate: (candidate[0], candidate[1] or 0))[2]

    def _export(self, path: str) -> Mapping[str, Any]:
        for export in self._exports:
            if path.startswith(export["mountpoint"].rstrip("/") + "/"):
                return export
        return {}

    def _system(self, doing: str) -> AbstractContextManager[None]:
        return operating_system(f"The store {self.name!r} can't {doing} an image")


def _directories(state_path: str, settings: Any) -> dict[str, int]:
    """Priority by absolute directory. Raises ValueError."""
    single, several = settings.filesystem_store_datadir, settings.filesystem_store_datadirs
    if not several:
        return {os.path.abspath(single or os.path.join(state_path, "images")): 0}
    if single:
        raise ValueError("filesystem_store_datadir and filesystem_store_datadirs exclude each other; remove one of them.")
    found: dict[str, int] = {}
    for entry in several:
        path, colon, priority = (part.strip() for part in entry.rpartition(":"))
        if not colon:
            path, priority = priority, ""
        try:
            number = int(priority or 0)
        except ValueError:
            path = ""
        if not path:
            raise ValueError(f"filesystem_store_datadirs: {entry!r} is not of the form path:priority; write a path, a colon and a number.")
        if found.setdefault(os.path.abspath(path), number) != number:
            raise ValueError(f"filesystem_store_datadirs: {path} has two priorities; list it once.")
    return found


def _mode(digits: int) -> int | None:
    if digits <= 0:
        return None
    try:
        mode = int(str(digits), 8)
    except ValueError:
        mode = 0
    if not mode & stat.S_IRUSR or mode > 0o7777:
        raise ValueError(
            f"filesystem_store_file_perm: {digits} is no file permission with which the service can read its own files; "
            f"use octal digits such as 640, or 0."
        )
    return mode


def _probe(directory: str) -> None:
    """Go through everything that a write does, and leave nothing: not of earlier probes either, whose process was killed."""
    for entry in os.listdir(directory):
        if entry.lstrip(".").startswith(_PROBE):
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(directory, entry))
    # Gone in the middle: another process starts and has tidied up.
    with suppress(FileNotFoundError):
        PartFile(directory, _PROBE + uuid.uuid4().hex).probe()


def _let_through(directory: str, mode: int | None) -> None:
    """Whoever may open an image file must be able to reach it."""
    passage = (mode or 0) & (stat.S_IRWXG | stat.S_IRWXO)
    if passage:
        now = stat.S_IMODE(os.stat(directory).st_mode)
        wanted = now | (stat.S_IXGRP if passage & stat.S_IRWXG else 0) | (stat.S_IXOTH if passage & stat.S_IRWXO else 0)
        if wanted != now:
            os.chmod(directory, wanted)


def _exports(path: str) -> Sequence[Mapping[str, Any]]:
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (OSError, ValueError) as error:
        raise StoreUnavailable(f"filesystem_store_metadata_file can't be used: {error}") from error
    exports = content if isinstance(content, list) else [content]
    for export in exports:
        if not (isinstance(export, dict) and isinstance(export.get("id"), str) and isinstance(export.get("mountpoint"), str)):
            raise StoreUnavailable(f"filesystem_store_metadata_file: in {path} an object lacks the strings id and mountpoint.")
    return exports


def _file_name(image_id: str) -> str:
    if not image_id or image_id.startswith(".") or "/" in image_id or "\0" in image_id:
        raise Invalid(f"{image_id!r} can't name a file.")
    return image_id


def _free(directory: str) -> int | None:
    """Free bytes, None where the file system doesn't say."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize if found.f_blocks else None
