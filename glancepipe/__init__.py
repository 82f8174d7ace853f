"""glancepipe: an image service whose every action on an image is done by a layer."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("glancepipe")
except PackageNotFoundError:  # imported from a source tree that was never installed
    __version__ = "0.0.0"
