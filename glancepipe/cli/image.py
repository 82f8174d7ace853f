"""``glancepipe image restore``: what an operator does to a single image."""

from __future__ import annotations

import argparse

from glancepipe.cli.command import Command


class Restore(Command):
    """Bring back an image that was deleted with `delayed_delete`, as long as its data is still there."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Declare the image."""
        parser = super().get_parser(prog_name)
        parser.add_argument("image_id", metavar="ID", help="The image's ID")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Restore it, by the pipeline as it is configured (FEATURES 2.3-16). Raises ValueError with one sentence if that can't be."""
        from glancepipe.contract import SERVICE, Call
        from glancepipe.contract.errors import ImageServiceError
        from glancepipe.operations.restore_image import restore_image
        from glancepipe.service import make_application

        service = make_application(self.app.conf)
        service.start()
        try:
            with Call("restore_image", SERVICE) as call:
                image = restore_image(service.pipeline.nouns, call, parsed_args.image_id)
        except ImageServiceError as error:
            raise ValueError(error.message) from error
        finally:
            service.close()
        self.say(f"Image {image.id} is {image.status} again.")
