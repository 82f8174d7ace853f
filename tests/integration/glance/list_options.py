"""All options of Glance, which Glance's own Python runs: group, name, default, kind and whether it is a secret, as JSON."""

import json
import sys
import warnings
from importlib.metadata import entry_points


def main():
    wanted = sys.argv[1:]
    found = []
    for entry in entry_points(group="oslo.config.opts"):
        if entry.name not in wanted:
            continue
        for group, options in entry.load()():
            for option in options:
                default = (
                    option.default if isinstance(option.default, bool | int | float | str | list | dict | None) else str(option.default)
                )
                told = {"name": option.dest, "default": default, "kind": type(option).__name__, "secret": bool(option.secret)}
                found.append({"namespace": entry.name, "group": str(getattr(group, "name", group) or "DEFAULT"), **told})
    json.dump(found, sys.stdout)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    main()
