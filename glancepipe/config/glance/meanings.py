"""What becomes of Glance's options that glancepipe does not know under the same name, as data (FEATURES 8.1)."""

from __future__ import annotations

from collections.abc import Mapping

NO_MEANING: Mapping[tuple[str, str], str] = {
    ("DEFAULT", "digest_algorithm"): "only versions of Glance before signatures of images used it",
    ("DEFAULT", "pydev_worker_debug_host"): "there is no debugger of that kind",
    ("DEFAULT", "pydev_worker_debug_port"): "there is no debugger of that kind",
    ("DEFAULT", "scrub_pool_size"): "the workers themselves erase what waits",
    ("DEFAULT", "wakeup_time"): "`sweep_interval` says how often the workers look for what waits",
    ("DEFAULT", "daemon"): "the workers themselves erase what waits",
    ("DEFAULT", "restore"): "the command is `glancepipe image restore ID`",
    ("DEFAULT", "image_cache_sqlite_db"): "no cache keeps its state in a SQLite file of its own",
    ("DEFAULT", "backlog"): "Glance 33 has no server of its own; here it is gunicorn's own",
    ("DEFAULT", "bind_host"): "Glance 33 has no server of its own; `[serve] bind` says where `glancepipe serve` listens",
    ("DEFAULT", "bind_port"): "Glance 33 has no server of its own; `[serve] bind` says where `glancepipe serve` listens",
    ("DEFAULT", "workers"): "Glance 33 has no server of its own; `[serve] workers` is for `glancepipe serve`",
    ("paste_deploy", "config_file"): "there is no paste file; give its path to this command to have it read",
    ("task", "task_executor"): "there is one way to run tasks",
    ("wsgi", "python_interpreter"): "no helper processes are started",
    ("oslo_concurrency", "disable_process_locking"): "nothing is locked by files",
    ("oslo_concurrency", "lock_path"): "nothing is locked by files: the database decides between nodes",
    ("database", "asyncio_connection"): "no request runs in an event loop",
    ("database", "asyncio_slave_connection"): "no request runs in an event loop",
    ("database", "backend"): "there is one way to reach a database",
    ("database", "connection_debug"): "`default_log_levels` says what SQLAlchemy logs",
    ("database", "connection_trace"): "statements carry no stack traces",
    ("database", "synchronous_reader"): "listings may always lag a moment behind where `slave_connection` is set, all else never does",
    ("database", "use_db_reconnect"): "a lost connection is always tried once more",
    ("oslo_policy", "enforce_scope"): "scopes are always enforced, as in current Glance",
    ("keystone_authtoken", "delay_auth_decision"): "requests without a valid token are refused by the API itself, as in Glance",
}
"""Options that need no replacement, and why."""

NO_GROUP: Mapping[str, str] = {
    "profiler": "osprofiler is not supported",
    "taskflow_executor": "there is one way to run tasks, `[wsgi] task_pool_threads` says how many at once",
    "os_glance_tasks_store": "tasks keep no files of their own",
}
"""The same for whole groups."""

NOT_BUILT: Mapping[str, str] = {
    "image_cache_dir": "the image cache",
    "image_cache_driver": "the image cache",
    "image_cache_max_size": "the image cache",
    "image_cache_stall_time": "the image cache",
    "node_staging_uri": "staging",
    "worker_self_reference_url": "staging",
    "work_dir": "conversion",
    "os_glance_staging_store": "staging",
    "glance_download_properties": "import",
    "image_conversion": "conversion",
    "image_import_opts": "import",
    "inject_metadata_properties": "import",
    "vmdk_allowed_types": "conversion",
}
"""Options and whole groups of Glance that configure what glancepipe has not yet, by name; one that is known needs no row."""

FILTERS: Mapping[str, str | None] = {
    "cors": "cors",
    "http_proxy_to_wsgi": "http_proxy_to_wsgi",
    "versionnegotiation": "versions",
    "unauthenticated-context": "auth",
    "authtoken": "auth",
    "context": "auth",
    "osprofiler": None,
}
"""Filters of a paste pipeline, and the middleware that does the same; None where nothing needs to."""

APPLICATIONS = frozenset({"rootapp", "apiv2app", "apiversions"})
"""What a paste pipeline ends with."""

DRIVERS: Mapping[str, str] = {
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg2": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mysql+mysqldb": "mysql+pymysql",
}
"""How a database's URL begins in Glance, and with the driver that glancepipe installs."""

IMAGES = "/var/lib/glance/images"
"""Where Glance keeps images in a store of type ``file`` that names no directory."""

LAYERS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("DEFAULT", "property_protection_file"): ("property-protection", "auth"),
    ("DEFAULT", "metadata_encryption_key"): ("location-encryption", "location"),
}
"""Options that a layer outside the default line reads: the layer, and the one behind which it stands."""
