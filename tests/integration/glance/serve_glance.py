"""A whole Glance in this process, which Glance's own Python runs: a request a line comes in as JSON, an answer a line goes out."""

import base64
import json
import sys

from glance.common import wsgi_app
from webob import Request


def main():
    out, sys.stdout = sys.stdout, sys.stderr

    def tell(what):
        out.write(f"{what}\n")
        out.flush()

    application = wsgi_app.init_app()
    tell("ready")
    for line in sys.stdin:
        asked = json.loads(line)
        request = Request.blank(
            asked["path"],
            base_url="http://images.example:9292",
            method=asked["method"],
            headers=asked["headers"],
            body=base64.b64decode(asked["body"]),
        )
        answer = request.get_response(application)
        told = {"status": answer.status_int, "headers": dict(answer.headers), "body": base64.b64encode(answer.body).decode()}
        tell(json.dumps(told))


main()
