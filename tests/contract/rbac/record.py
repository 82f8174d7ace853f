"""Writes down what a Glance answers to the matrix. Run it with the Python of the environment in which Glance is:

    GLANCE/bin/python tests/contract/rbac/record.py >tests/contract/rbac/glance33.tsv

The application is made in this process, once for each value of ``enforce_new_defaults``, with a database and stores in a
temporary directory. It believes the identity headers of requests, as Glance does behind a proxy that has verified them.
Operations can be named (``show_image``), to record these alone. It takes some minutes.
"""

import io
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MODES = {"new": "true", "former": "false"}
"""The defaults that are in force, and ``[oslo_policy] enforce_new_defaults``."""
PASTE = Path(__file__).parents[2] / "glance-paste.ini"
CONF = """
[DEFAULT]
enabled_backends = one:file, two:file
show_multiple_locations = true
node_staging_uri = file://HOME/staging
log_file = HOME/log
[database]
connection = sqlite:///HOME/glance.db
[glance_store]
default_backend = one
[one]
filesystem_store_datadir = HOME/one
[two]
filesystem_store_datadir = HOME/two
[os_glance_staging_store]
filesystem_store_datadir = HOME/staging
[os_glance_tasks_store]
filesystem_store_datadir = HOME/tasks
[task]
work_dir = HOME/work
[oslo_policy]
enforce_new_defaults = NEW
[oslo_concurrency]
lock_path = HOME
[paste_deploy]
config_file = PASTE
"""


def application(home, mode):
    """A Glance with its state in ``home``."""
    for name in ("one", "two", "staging", "tasks", "work"):
        (home / name).mkdir()
    (home / "glance-api.conf").write_text(CONF.replace("HOME", str(home)).replace("NEW", MODES[mode]).replace("PASTE", str(PASTE)))
    manage = Path(sys.executable).with_name("glance-manage")
    subprocess.run([manage, f"--config-file={home}/glance-api.conf", "db_sync"], check=True, capture_output=True)
    os.environ["OS_GLANCE_CONFIG_DIR"] = str(home)
    from glance.common.wsgi_app import init_app

    app = init_app()
    logging.disable(logging.CRITICAL)
    return app


def sender(app):
    """What the matrix needs of a WSGI application."""

    def send(who, method, path, body, media):
        path, _, query = path.partition("?")
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "9292",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1:9292",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.input": io.BytesIO(body or b""),
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in who.items()},
        }
        if body is not None:
            environ |= {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": media}
        started = []
        answer = app(environ, lambda status, headers, exc_info=None: started.append(status))
        try:
            received = b"".join(answer)
        finally:
            getattr(answer, "close", lambda: None)()
        return int(started[0][:3]), received

    return send


def write(*values):
    """One row."""
    sys.stdout.write("\t".join(values) + "\n")
    sys.stdout.flush()


def record(mode, operations):
    """Print a row for each operation and kind of thing."""
    from matrix import OPERATIONS, Playing, play

    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as home:
        playing = Playing(sender(application(Path(home), mode)))
        for operation in operations or OPERATIONS:
            for row in play(playing, operation):
                write(mode, row.operation, *row.kind, *row.answers)


def main(words):
    """Its configuration is global to Glance: a process for each mode."""
    if words and words[0] in MODES:
        record(words[0], words[1:])
        # Glance's own functions for the end of a process trip over the threads that it has left.
        os._exit(0)
    from matrix import ROLES

    write("defaults", "operation", "visibility", "relation", *ROLES)
    for mode in MODES:
        subprocess.run([sys.executable, __file__, mode, *words], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
