"""The option of the commands on metadata definitions."""

from __future__ import annotations

from oslo_config import cfg

OPTIONS = [
    cfg.StrOpt(
        "metadata_source_path",
        default="/etc/glance/metadefs",
        help="Directory, or file, of metadata definitions that `glancepipe db metadefs load` reads and `export` writes into.",
    )
]
