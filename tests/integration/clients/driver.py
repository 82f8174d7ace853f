"""Runs commands of ``openstack`` and ``glance``: started by the Python that has them, it imports them once and forks for each.

A command comes as a line of JSON on standard input, its exit status goes as a line to standard output.
"""

import json
import os
import signal
import sys
from contextlib import redirect_stdout

from glanceclient import shell as glance
from glanceclient.v2 import shell  # noqa: F401
from openstackclient import shell as openstack

PROGRAMS = {"openstack": openstack.main, "glance": glance.main}
LIMIT = 240
"""Seconds that a command may take."""


def run(order):
    """Be the command, in this process."""
    signal.alarm(LIMIT)
    writing = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, (path, flags) in enumerate([(order["stdin"], os.O_RDONLY), (order["stdout"], writing), (order["stderr"], writing)]):
        os.dup2(os.open(path, flags | os.O_NOCTTY, 0o600), number)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    os.environ.update(order["environment"])
    sys.argv = [order["program"], *order["words"]]
    sys.exit(PROGRAMS[order["program"]]())


def main():
    """Until standard input ends."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        # It imports a command's module when it first meets the command.
        openstack.main(["help", "image", "list"])
    for line in sys.stdin:
        child = os.fork()
        if not child:
            status = 70
            try:
                run(json.loads(line))
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else int(end.code is not None)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
