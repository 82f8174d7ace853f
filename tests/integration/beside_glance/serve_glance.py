"""Serves a Glance that believes the identity headers of its requests. Run by a Python that has Glance.

Usage: serve_glance.py DIRECTORY DESCRIPTOR: where its glance-api.conf is, and the socket on which to accept connections.
"""

import os
import socket
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

directory, descriptor = sys.argv[1:]
os.environ |= {"OS_GLANCE_CONFIG_DIR": directory, "OS_GLANCE_CONFIG_FILES": "glance-api.conf"}
sys.argv = ["glance-api"]

from glance.wsgi.api import application  # noqa: E402


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def __init__(self, listener):
        super().__init__(listener.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = listener.getsockname()
        self.setup_environ()


class Handler(WSGIRequestHandler):
    def log_message(self, format, *args):
        """What was asked the tests know."""


server = Server(socket.socket(fileno=int(descriptor)))
server.set_app(application)
server.serve_forever()
