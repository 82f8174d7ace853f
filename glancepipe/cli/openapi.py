"""``glancepipe openapi``: the API's description, or a page of its operations for the documentation."""

from __future__ import annotations

import argparse

from glancepipe.cli.command import Command


class OpenApi(Command):
    """Print the API's description in OpenAPI 3.1, as `GET /v2/openapi.json` answers it under this configuration."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Declare the form."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--markdown", action="store_true", help="A page of tables instead: each operation with its policy rule and events"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print it. Raises ValueError with one sentence if the configuration can't be used."""
        import orjson

        from glancepipe.api import openapi, schemas
        from glancepipe.api.options import OPTIONS
        from glancepipe.api.routes import ROUTES
        from glancepipe.config.loading import check_values

        if parsed_args.markdown:
            for line in openapi.page(ROUTES):
                self.say(line)
            return
        conf = self.app.conf
        for group, options in OPTIONS.items():
            conf.register_opts(options, group=group)
        check_values(conf)
        published = schemas.documents(schemas.image_schema(conf, schemas.custom_properties(conf)))
        self.say(orjson.dumps(openapi.describe(conf, ROUTES, published), option=orjson.OPT_INDENT_2).decode())
