"""``glancepipe pipeline show`` and ``pipeline check``: what a configuration makes of an image service."""

from __future__ import annotations

import argparse
import difflib
from typing import TYPE_CHECKING

from glancepipe.cli.command import Command
from glancepipe.config import logs

if TYPE_CHECKING:
    from glancepipe.pipeline.inspecting import Act


class Show(Command):
    """Show the onion of each noun, and per verb the layers that act on it, outermost first."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Declare the verb."""
        parser = super().get_parser(prog_name)
        parser.add_argument("verb", nargs="?", metavar="VERB", help="Only this verb: image.set_data, or just set_data")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print it. Raises ValueError for a broken pipeline or an unknown verb."""
        from glancepipe.pipeline import build
        from glancepipe.pipeline.inspecting import acts, meaning, onion

        pipeline = build(self.app.conf)
        acting = acts(pipeline.layers)
        if parsed_args.verb is None:
            self.say(f"[pipeline] layers = {pipeline.line}")
            self.say()
            for noun, names in onion(pipeline.layers).items():
                self.say(f"{noun:<10} {' > '.join(names)}")
            self.say()
            chosen = list(acting)
        else:
            chosen = _matching(parsed_args.verb, list(acting))
        for place, verb in enumerate(chosen):
            if place:
                self.say()
            self.say(f"{verb}  {meaning(verb)}")
            self._print(acting[verb])

    def _print(self, acting: list[Act]) -> None:
        layers = [f"{act.layer} (ends)" if act.ends else act.layer for act in acting]
        widths = max(map(len, layers), default=0), max((len(act.place) for act in acting), default=0)
        for layer, act in zip(layers, acting, strict=True):
            self.say(f"  {layer:<{widths[0]}}  {act.place:<{widths[1]}}  {act.summary}".rstrip())


class Check(Command):
    """Check a configuration without serving it: exit status 0 if a service could start with it."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Declare how far to go."""
        parser = super().get_parser(prog_name)
        parser.add_argument("--rehearse", action="store_true", help="Also start stores and layers as a worker would, and stop them again")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Print one sentence. Raises ValueError, cfg.Error with one for a mistake."""
        from glancepipe.service import check

        service = check(self.app.conf, rehearse=parsed_args.rehearse)
        if parsed_args.rehearse:
            logs.check(self.app.conf)
        self.say(f"The pipeline is good: {service.pipeline.line}.")


def _matching(wanted: str, verbs: list[str]) -> list[str]:
    matching = [verb for verb in verbs if wanted in (verb, verb.partition(".")[2])]
    if not matching:
        close = difflib.get_close_matches(wanted, verbs + [verb.partition(".")[2] for verb in verbs], 1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(verbs)}."
        raise ValueError(f"There is no verb {wanted!r}; {hint}")
    return matching
