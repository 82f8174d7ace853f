"""Core options, and how a configuration is found and loaded. A layer's own options are declared on the layer."""

from glancepipe.config.loading import load

__all__ = ["load"]
