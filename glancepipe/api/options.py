"""The options of the API alone, by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oslo_config import cfg

OPTIONS: Mapping[str, Sequence[cfg.Opt]] = {
    "api": [
        cfg.IntOpt(
            "max_json_body_size",
            default=1 << 20,
            min=1 << 10,
            help="Longest JSON body that is read, in bytes; a longer one is answered with 413. Image data is not concerned.",
        ),
        cfg.IntOpt(
            "max_patch_operations",
            default=1000,
            min=1,
            help="How many operations a change of an image may have; one with more is answered with 413.",
        ),
    ],
}
