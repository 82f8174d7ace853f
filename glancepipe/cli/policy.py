"""``glancepipe policy sample`` and ``policy explain``: the rules with their defaults, and what they say of a request."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from oslo_config import cfg

from glancepipe.cli.command import Command

if TYPE_CHECKING:
    from glancepipe.contract import Caller, Nouns

DENIED, UNUSABLE = 1, 2
"""Exit statuses of ``policy explain``; 0 is allowed."""


class Sample(Command):
    """Print a sample policy file: all rules with their defaults, commented out."""

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print it."""
        from oslo_policy import generator

        generator.generate_sample(["--namespace=glancepipe"], conf=cfg.ConfigOpts())


class Explain(Command):
    """Say whether somebody may do something, and why: each rule that is asked, its target, and its checks one by one.

    Exit status 0 if it is allowed, 1 if not, 2 if the question can't be answered. Nothing is changed.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Declare the question."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--operation", metavar="NAME", required=True, help="What is asked for: modify_image, list_images, ...")
        parser.add_argument("--image", metavar="ID", default="", help="The image that it is about, read from the database")
        parser.add_argument("--namespace", metavar="NAME", default="", help="The namespace that it is about, read from the database")
        parser.add_argument("--member", metavar="PROJECT", help="The member that it is about (default: the caller's project)")
        parser.add_argument("--visibility", help="What a new image or namespace, or the change of an image, says of it")
        parser.add_argument("--owner", metavar="PROJECT", help="The same")
        parser.add_argument("--as-user", metavar="USER", help="Who asks")
        parser.add_argument("--as-project", metavar="PROJECT", help="The project for which the caller's token is")
        parser.add_argument("--as-roles", metavar="ROLES", default="", help="The caller's roles, with commas between them")
        parser.add_argument(
            "--as-scope", choices=("project", "domain", "system"), default="project", help="The scope of the caller's token"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print the explanation; answers the exit status."""
        from glancepipe.contract.errors import ImageServiceError

        try:
            return self._explain(parsed_args)
        except (ValueError, cfg.Error) as error:
            return self._refuse(str(error))
        except ImageServiceError as error:
            return self._refuse(error.message)

    def _explain(self, asked: argparse.Namespace) -> int:
        from glancepipe.api.errors import status_of
        from glancepipe.cli.asking import Asked, verdict
        from glancepipe.cli.judging import judging
        from glancepipe.contract import Call

        operation = _operation(asked)
        values: dict[str, Any] = {name: getattr(asked, name) for name in ("visibility", "owner") if getattr(asked, name) is not None}
        about = Asked(asked.image, asked.namespace, asked.member or asked.as_project or "", values)
        with judging(self.app.conf) as pipeline:
            call = Call(operation, _caller(asked, pipeline.nouns))
            refusal = verdict(pipeline.nouns, call, about)
            for layer in pipeline.layers:
                for line in layer.explain(call):
                    self.say(line)
        self.say("allowed" if refusal is None else f"denied: {status_of(refusal, operation)} ({refusal.message})")
        return 0 if refusal is None else DENIED

    def _refuse(self, sentence: str) -> int:
        self.app.stderr.write(f"{sentence}\n")
        return UNUSABLE


def _operation(asked: argparse.Namespace) -> str:
    """The operation that is asked for. Raises ValueError if there is none, or if it is not said what it is about."""
    import difflib

    from glancepipe.contract import OPERATIONS

    name = str(asked.operation)
    named = [operation.name for operation in OPERATIONS.values() if operation.method]
    if name not in named:
        close = difflib.get_close_matches(name, named, 1)
        raise ValueError(
            f"There is no operation {name!r}; " + (f"did you mean {close[0]!r}?" if close else f"there are {', '.join(named)}.")
        )
    for field, option in (("{image_id}", "image"), ("{namespace}", "namespace")):
        if field in OPERATIONS[name].path and not getattr(asked, option):
            raise ValueError(f"For the operation {name}, say by --{option} what it is about.")
    return name


def _caller(asked: argparse.Namespace, nouns: Nouns) -> Caller:
    from glancepipe.contract import Caller
    from glancepipe.contract.call import with_admin

    caller = Caller(
        user_id=asked.as_user,
        project_id=asked.as_project,
        roles=frozenset(role.strip().lower() for role in asked.as_roles.split(",") if role.strip()),
        scope=asked.as_scope,
        system_scope="all" if asked.as_scope == "system" else None,
    )
    return with_admin(caller, nouns.authority.is_admin(caller))
