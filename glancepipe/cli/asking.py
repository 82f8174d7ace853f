"""How each operation is asked for where only the verdict matters. Part of ``glancepipe policy explain``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from glancepipe.cli.judging import Passed
from glancepipe.contract import SERVICE, Association, Call, Change, ChangeSet, Data, Image, ImageValues, Namespace, Nouns, Target
from glancepipe.contract.errors import Forbidden, NotFound
from glancepipe.contract.metadefs import DefinitionQuery, NamespaceQuery
from glancepipe.operations.add_member import add_member
from glancepipe.operations.associate import associate
from glancepipe.operations.create_image import create_image
from glancepipe.operations.create_namespace import create_namespace
from glancepipe.operations.deactivate import deactivate
from glancepipe.operations.delete_image import delete_image
from glancepipe.operations.delete_member import delete_member
from glancepipe.operations.delete_namespace import delete_namespace
from glancepipe.operations.dissociate import dissociate
from glancepipe.operations.download_image import download_image
from glancepipe.operations.list_members import list_members
from glancepipe.operations.modify_image import modify_image
from glancepipe.operations.modify_member import modify_member
from glancepipe.operations.reactivate import reactivate
from glancepipe.operations.show_member import show_member
from glancepipe.operations.show_namespace import show_namespace
from glancepipe.operations.upload_image import upload_image


@dataclass(frozen=True, slots=True)
class Asked:
    """What the operation is about; ``values`` are those that a new thing, or a change, is to have."""

    image: str = ""
    namespace: str = ""
    member: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


def verdict(nouns: Nouns, call: Call, asked: Asked) -> Forbidden | NotFound | None:
    """Why ``call.operation`` is refused to the caller, None if it is not.

    Raises NotFound if there is nothing to be refused, and what else the layers raise.
    """
    try:
        _ask(nouns, call, asked)
    except Passed:
        return None
    except Forbidden as error:
        return error
    except NotFound as error:
        _find(nouns, asked)
        return error
    return None


def _find(nouns: Nouns, asked: Asked) -> None:
    if asked.image:
        nouns.repo.get(Call("show_image", SERVICE), asked.image)
    elif asked.namespace:
        nouns.namespaces.get(Call("show_namespace", SERVICE), asked.namespace)


def _ask(nouns: Nouns, call: Call, asked: Asked) -> None:
    known = _KNOWN.get(call.operation.name)
    if known is not None:
        known(nouns, call, asked)
    elif "{image_id}" in call.operation.path:
        nouns.repo.get(call, asked.image)
    elif "{namespace}" in call.operation.path:
        nouns.definitions.list(call, nouns.namespaces.get(call, asked.namespace), "object", DefinitionQuery())
    else:
        nouns.authority.permit(call)


def _edit(asked: Asked) -> Callable[[Image], ChangeSet]:
    return lambda image: ChangeSet.of(image, **(asked.values or {"name": image.name}))


_KNOWN: Mapping[str, Callable[[Nouns, Call, Asked], object]] = {
    "create_image": lambda nouns, call, asked: create_image(nouns, call, ImageValues(asked.values)),
    "modify_image": lambda nouns, call, asked: modify_image(nouns, call, asked.image, _edit(asked)),
    "add_tag": lambda nouns, call, asked: modify_image(nouns, call, asked.image, _retag),
    "remove_tag": lambda nouns, call, asked: modify_image(nouns, call, asked.image, _retag),
    "delete_image": lambda nouns, call, asked: delete_image(nouns, call, asked.image),
    "upload_image": lambda nouns, call, asked: upload_image(nouns, call, asked.image, Data([]), Target()),
    "download_image": lambda nouns, call, asked: download_image(nouns, call, asked.image, lambda image: None),
    "deactivate": lambda nouns, call, asked: deactivate(nouns, call, asked.image),
    "reactivate": lambda nouns, call, asked: reactivate(nouns, call, asked.image),
    "list_members": lambda nouns, call, asked: list_members(nouns, call, asked.image),
    "show_member": lambda nouns, call, asked: show_member(nouns, call, asked.image, asked.member),
    "add_member": lambda nouns, call, asked: add_member(nouns, call, asked.image, asked.member),
    "modify_member": lambda nouns, call, asked: modify_member(nouns, call, asked.image, asked.member, "accepted"),
    "delete_member": lambda nouns, call, asked: delete_member(nouns, call, asked.image, asked.member),
    "create_namespace": lambda nouns, call, asked: create_namespace(nouns, call, Namespace(asked.namespace or "new", **asked.values)),
    "list_namespaces": lambda nouns, call, asked: nouns.namespaces.list(call, NamespaceQuery(limit=1)),
    "list_resource_types": lambda nouns, call, asked: nouns.resource_types.list(call),
    "show_namespace": lambda nouns, call, asked: show_namespace(nouns, call, asked.namespace),
    "modify_namespace": lambda nouns, call, asked: nouns.namespaces.get(call, asked.namespace),
    "delete_namespace": lambda nouns, call, asked: delete_namespace(nouns, call, asked.namespace),
    "list_associations": lambda nouns, call, asked: nouns.resource_types.associations(call, nouns.namespaces.get(call, asked.namespace)),
    "associate": lambda nouns, call, asked: associate(nouns, call, asked.namespace, Association("any")),
    "dissociate": lambda nouns, call, asked: dissociate(nouns, call, asked.namespace, "any"),
}
"""Operations for which more is judged than the first sight of the thing."""


def _retag(image: Image) -> ChangeSet:
    return ChangeSet({"tags": Change(image.tags, image.tags)})
