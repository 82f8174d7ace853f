"""The options of the core. Names, groups and defaults are Glance's wherever the meaning is the same (FEATURES 8.1).

Options of layers and stores are declared on their classes, options of middleware belong to oslo.middleware
and keystonemiddleware; ``glancepipe config sample`` shows them all.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from oslo_config import cfg, types

from glancepipe.contract import uris

GENERAL = [
    cfg.StrOpt(
        "state_path",
        sample_default="$XDG_STATE_HOME/glancepipe",
        help="Directory of what the service keeps on its own disk when nothing else is configured: the embedded database "
        "and the default store. It is created if it is missing.",
    ),
    cfg.DictOpt(
        "enabled_backends",
        help="The stores, as `name:type, name:type`. Each name is also the configuration group of that store. "
        "Unset: one unnamed store, configured in [glance_store].",
    ),
    cfg.URIOpt(
        "public_endpoint",
        schemes=["http", "https"],
        help="URL under which clients reach the service; links in the list of versions begin with it. Unset: the URL of the request.",
    ),
    cfg.IntOpt("limit_param_default", default=25, min=1, help="How many images a page has if the request does not say."),
    cfg.IntOpt("api_limit_max", default=1000, min=1, help="How many images a page has at most, whatever the request says."),
    cfg.BoolOpt(
        "show_image_direct_url",
        default=False,
        help="Show where an image is stored as `direct_url`. A location may contain credentials: enable it for trusted clients only.",
    ),
    cfg.BoolOpt(
        "show_multiple_locations",
        default=False,
        help="Show all places where an image is stored as `locations`, and let clients change them. "
        "Whoever may change a location may replace an image's bytes: restrict the policy rules of locations first.",
    ),
    cfg.BoolOpt(
        "allow_anonymous_access",
        default=False,
        help="Let requests without valid credentials in as a caller who has no role and may only read.",
    ),
    cfg.IntOpt("max_request_id_length", default=64, min=1, help="Longest request id that a client may choose, in characters."),
    cfg.ListOpt(
        "enabled_import_methods",
        default=["glance-direct", "web-download", "copy-image"],
        item_type=types.String(quotes=True),
        bounds=True,
        help="Import methods that are offered, in brackets, as far as an importer for them is installed.",
    ),
    cfg.IntOpt(
        "sweep_interval",
        default=60,
        min=1,
        help="Seconds between two passes that finish or undo what a crash interrupted.",
    ),
]

PIPELINE = [
    cfg.ListOpt(
        "layers",
        default=["auth", "notifier", "policy", "quota", "location", "domain", "db"],
        help="The layers, outermost first: a call travels from left to right, its answer from right to left.",
    ),
]

WSGI = [
    cfg.ListOpt(
        "middleware",
        default=["http_proxy_to_wsgi", "cors", "request_id", "limits", "healthcheck", "versions", "auth"],
        help="The WSGI middleware around the API, outermost first.",
    ),
    cfg.IntOpt("task_pool_threads", default=16, min=1, help="How many tasks a worker carries out at the same time."),
]

API = [
    cfg.StrOpt(
        "auth_strategy",
        default="none",
        choices=[
            ("keystone", "validate tokens with the identity service in [keystone_authtoken]"),
            ("headers", "trust the identity headers of a proxy in front; nobody else may reach this port"),
            ("none", "everybody is the administrator of one project"),
        ],
        help="How the service learns who calls.",
    ),
    cfg.IntOpt(
        "max_url_length",
        default=8000,
        min=256,
        help="Longest path and query string together, in bytes; a longer one is answered with 414. "
        "`glancepipe serve` takes no request line of more than 8190 bytes, whatever is set here.",
    ),
    cfg.IntOpt("max_headers", default=100, min=16, help="How many headers a request may have; more are answered with 431."),
    cfg.IntOpt(
        "max_header_size",
        default=65535,
        min=1024,
        help="Longest name and value of a header together, in bytes; a longer one is answered with 431. Tokens may be long.",
    ),
]

SERVE = [
    cfg.StrOpt("bind", default="127.0.0.1:9292", help="Address and port, or `unix:PATH`, on which `glancepipe serve` listens."),
    cfg.IntOpt("workers", min=1, sample_default="one per core, at most 8", help="Number of worker processes."),
    cfg.IntOpt(
        "threads",
        default=32,
        min=1,
        help="Threads of each worker. An upload or download occupies one from its first byte to its last, so have more "
        "than you expect slow clients.",
    ),
    cfg.IntOpt(
        "graceful_timeout",
        default=600,
        min=1,
        help="Seconds that running requests get to end when a worker is told to stop.",
    ),
]

GLANCE_STORE = [
    cfg.StrOpt(
        "default_backend",
        help="The store that takes data if the request names none. Required if `enabled_backends` is set.",
    ),
    cfg.ListOpt("stores", default=["file", "http"], help="Types of stores while `enabled_backends` is unset."),
    cfg.StrOpt("default_store", default="file", help="Type of the store that takes data while `enabled_backends` is unset."),
]

IMAGE_FORMAT = [
    cfg.ListOpt(
        "container_formats",
        default=["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"],
        help="Values that `container_format` may have.",
    ),
    cfg.ListOpt(
        "disk_formats",
        default=["ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"],
        help="Values that `disk_format` may have.",
    ),
]

CORE: Mapping[str, Sequence[cfg.Opt]] = {
    "DEFAULT": GENERAL,
    "pipeline": PIPELINE,
    "wsgi": WSGI,
    "api": API,
    "serve": SERVE,
    "glance_store": GLANCE_STORE,
    "image_format": IMAGE_FORMAT,
    uris.GROUP: uris.OPTIONS,
}
"""All of them by group."""


def register(conf: cfg.ConfigOpts) -> None:
    """Register the core's options; those whose default depends on the machine get it here."""
    for group, options in CORE.items():
        conf.register_opts(options, group=None if group == "DEFAULT" else group)
    conf.set_default("state_path", str(_state_home() / "glancepipe"))
    conf.set_default("workers", min(len(os.sched_getaffinity(0)), 8), group="serve")


def _state_home() -> Path:
    return Path(os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser())
