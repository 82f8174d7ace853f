"""Goes through a Glance's configuration option by option and writes the same for glancepipe."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from oslo_config import cfg

from glancepipe.config.glance import paste
from glancepipe.config.glance.meanings import DRIVERS, IMAGES, LAYERS, NO_GROUP, NO_MEANING, NOT_BUILT
from glancepipe.config.glance.paste import Paste

Known = Callable[[str, str, Mapping[str, str]], cfg.Opt | None]
"""The option that is known by a group, a name (or a former name), and the settings of the same group."""

AS_IS, MOVED, NO_USE, MISSING, UNKNOWN = "as it is", "elsewhere", "no meaning", "not built", "unknown"

_SECRET = re.compile(r"://.*@")
"""Up to the last ``@``: there may be several servers, and characters in a password that should have been quoted."""
_SECRET_NAME = re.compile(r"password|secret|_key$|token$|credential")
_GROUP = "DEFAULT"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one option. ``value`` is shown with its secrets masked."""

    group: str
    option: str
    value: str
    verdict: str
    told: str = ""

    def __str__(self) -> str:
        told = f": {self.told}" if self.told else ""
        return f"{self.verdict:<10}  [{self.group}] {self.option} = {self.value}{told}"


@dataclass(slots=True)
class Translation:
    """The verdicts on all options, and what glancepipe's file says."""

    verdicts: list[Verdict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What else to know or to do, a sentence each."""
    sections: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def put(self, group: str, option: str, *values: str) -> None:
        """Have the file say so."""
        self.sections.setdefault(group, []).extend((option, value) for value in values)

    @property
    def file(self) -> str:
        """The text of ``glancepipe.conf``, secrets included."""
        return "\n".join(f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in lines) for group, lines in self.sections.items())


def translate(
    files: Sequence[str],
    known: Known,
    line: Sequence[str],
    middleware: Sequence[str],
    backends: Mapping[str, str],
    types: Container[str],
    paste_file: str | None = None,
) -> Translation:
    """What ``files`` of Glance, read one after the other, mean here; ``line`` and ``middleware`` are the usual ones.

    ``backends`` are the stores with their types, ``types`` those for which there is a driver. Raises ValueError with one
    sentence for a file that can't be read, and for a flavor that can't be understood.
    """
    settings = _read(files)
    translation = Translation()
    translation.sections[_GROUP] = []
    for group, options in settings.items():
        first = {name: values[-1] for name, values in options.items()}
        for name, values in options.items():
            _judge(translation, group, name, values, known(group, name, first), backends)
    _stores(translation, settings, backends, types)
    _files(translation, settings, Path(files[0]).parent)
    flavor = settings.get("paste_deploy", {}).get("flavor", [""])[-1]
    found = paste.read(paste_file, flavor) if paste_file else paste.of_flavor(flavor)
    _paste(translation, found, middleware)
    _layers(translation, settings, line)
    _web(translation, settings)
    if "connection" not in settings.get("database", {}):
        translation.notes.append("[database] connection is not set: the service would keep its records in a database of its own.")
    translation.sections = {group: lines for group, lines in translation.sections.items() if lines}
    return translation


def masked(option: cfg.Opt | None, name: str, value: str) -> str:
    """The value as it may be shown: no passwords, also not those in URLs."""
    if (option is not None and option.secret and "://" not in value) or (option is None and _SECRET_NAME.search(name)):
        return "***"
    return _SECRET.sub("://***@", value)


def _read(files: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for file in files:
        sections: dict[str, dict[str, list[str]]] = {}
        try:
            cfg.ConfigParser(file, sections).parse()
        except (OSError, UnicodeError, cfg.Error) as error:
            raise ValueError(f"{file} can't be read: {error}") from error
        for group, options in sections.items():
            # Of an option that two files set, the later file's is the one that counts.
            found.setdefault(group, {}).update(options)
    return found


def _judge(translation: Translation, group: str, name: str, values: list[str], option: cfg.Opt | None, backends: Mapping[str, str]) -> None:
    def tell(verdict: str, told: str = "") -> None:
        for value in values:
            translation.verdicts.append(Verdict(group, name, masked(option, name, value), verdict, told))

    if (group, name) in NO_MEANING:
        tell(NO_USE, NO_MEANING[group, name])
    elif group in NO_GROUP:
        tell(NO_USE, NO_GROUP[group])
    elif (group, name) == ("paste_deploy", "flavor"):
        tell(MOVED, "[api] auth_strategy and [wsgi] middleware")
    elif option is None and (name in NOT_BUILT or group in NOT_BUILT):
        tell(MISSING, f"it configures {NOT_BUILT.get(name) or NOT_BUILT[group]}, which glancepipe has not yet")
    elif option is None and group in backends:
        tell(MISSING, f"no driver that is installed for stores of type {backends[group]!r} knows it")
    elif option is None:
        tell(UNKNOWN, "neither Glance 33 nor glancepipe knows it, or what knows it is not installed; it is left out")
    elif group == "database" and name in ("connection", "slave_connection"):
        driver, _, rest = values[-1].partition("://")
        ours = DRIVERS.get(driver, driver)
        tell(AS_IS, f"with the driver of {ours}://" if ours != driver else "")
        translation.put(group, name, f"{ours}://{rest}")
    else:
        told = f"layer {LAYERS[group, name][0]} in [pipeline] layers reads it" if (group, name) in LAYERS else ""
        tell(AS_IS, told)
        translation.put(group, name, *values)


def _stores(
    translation: Translation, settings: Mapping[str, Mapping[str, list[str]]], backends: Mapping[str, str], types: Container[str]
) -> None:
    """Stores without a driver, and what Glance takes for granted."""
    for name, kind in backends.items():
        if kind not in types:
            translation.notes.append(
                f"No driver for stores of type {kind!r} is installed: the service does not start with the store {name!r}."
            )
        elif kind == "file" and not settings.get(name, {}).keys() & {"filesystem_store_datadir", "filesystem_store_datadirs"}:
            translation.put(name, "filesystem_store_datadir", IMAGES)
            translation.notes.append(
                f"[{name}] filesystem_store_datadir is written, since it is {IMAGES} in Glance if nobody says otherwise."
            )


def _files(translation: Translation, settings: Mapping[str, Mapping[str, list[str]]], home: Path) -> None:
    """Files that are looked for beside the configuration, which is another place now."""
    for group, name, usual in (
        ("oslo_policy", "policy_file", ["policy.yaml"]),
        ("oslo_policy", "policy_dirs", ["policy.d"]),
        (_GROUP, "property_protection_file", []),
    ):
        for value in settings.get(group, {}).get(name, usual):
            path = home / value
            if not value or Path(value).is_absolute() or not path.exists():
                continue
            lines = translation.sections.setdefault(group, [])
            lines[:] = [line for line in lines if line != (name, value)]
            translation.put(group, name, str(path.resolve()))
            translation.notes.append(f"[{group}] {name} is written with its whole path: {path.resolve()}.")
    if (home / "schema-image.json").exists():
        translation.notes.append(
            f"Copy {(home / 'schema-image.json').resolve()}, which describes custom properties, beside glancepipe.conf."
        )


def _paste(translation: Translation, found: Paste, usual: Sequence[str]) -> None:
    translation.put("api", "auth_strategy", found.strategy)
    chosen = found.middleware(usual)
    if chosen != list(usual):
        translation.put("wsgi", "middleware", ", ".join(chosen))
    for name in found.foreign:
        translation.notes.append(f"The paste filter {name!r} has no counterpart; what it did is not done.")
    for name, value in found.authtoken.items():
        if ("keystone_authtoken", name) not in NO_MEANING and not _has(translation, "keystone_authtoken", name):
            translation.verdicts.append(Verdict("filter:authtoken", name, masked(None, name, value), MOVED, "[keystone_authtoken]"))
            translation.put("keystone_authtoken", name, value)
    for name, value in (found.healthcheck or {}).items():
        if not _has(translation, "healthcheck", name):
            translation.verdicts.append(Verdict("app:healthcheck", name, masked(None, name, value), MOVED, "[healthcheck]"))
            translation.put("healthcheck", name, value)


def _layers(translation: Translation, settings: Mapping[str, Mapping[str, list[str]]], usual: Sequence[str]) -> None:
    line = list(usual)
    for (group, option), (layer, behind) in LAYERS.items():
        if settings.get(group, {}).get(option, [""])[-1]:
            line.insert(line.index(behind) + 1, layer)
            translation.notes.append(f"Install the distribution glancepipe-{layer}: [{group}] {option} needs it.")
    if line != list(usual):
        translation.put("pipeline", "layers", ", ".join(line))


def _web(translation: Translation, settings: Mapping[str, Mapping[str, list[str]]]) -> None:
    """Servers of images are verified now; where nothing is said of it they were not."""
    for backend in settings.get(_GROUP, {}).get("enabled_backends", [""])[-1].split(","):
        name, _, kind = backend.strip().partition(":")
        if kind == "http" and not {"https_insecure", "https_ca_certificates_file"} & settings.get(name, {}).keys():
            translation.notes.append(f"Certificates of web servers are verified, unlike Glance's default: see [{name}] https_insecure.")


def _has(translation: Translation, group: str, name: str) -> bool:
    return any(option == name for option, _ in translation.sections.get(group, ()))


def lines(translation: Translation) -> Iterator[str]:
    """The report, line by line: what needs attention last."""
    order = (AS_IS, MOVED, NO_USE, MISSING, UNKNOWN)
    for verdict in sorted(translation.verdicts, key=lambda each: order.index(each.verdict)):
        yield str(verdict)
    for note in translation.notes:
        yield f"note        {note}"
