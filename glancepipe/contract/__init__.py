"""PUBLIC. Everything that a layer, a store driver or another plugin may import from glancepipe.

It does no I/O, but for ``fetching`` when that is called. ``docs/write-a-layer`` explains it by example;
``docs/decisions/0001-linked-proxies.md`` says why it is as it is. What is listed in ``__all__`` here and in the modules of
this package is promised.
"""

from glancepipe.contract.call import SERVICE, Call, Caller, Note, Verdict
from glancepipe.contract.changes import ABSENT, Change, ChangeSet
from glancepipe.contract.data import BLOCK, Data, Digest, Ended, Span, Watch
from glancepipe.contract.layer import CONTRACT, Finding, Layer, Services
from glancepipe.contract.metadefs import (
    KINDS,
    Association,
    Definition,
    DefinitionQuery,
    DefinitionRepoProxy,
    Kind,
    Namespace,
    NamespacePage,
    NamespaceQuery,
    NamespaceRepoProxy,
    ResourceType,
    ResourceTypeRepoProxy,
)
from glancepipe.contract.operations import OPERATIONS, Operation
from glancepipe.contract.proxies import (
    NOUNS,
    AuthorityProxy,
    ImageFactoryProxy,
    ImageProxy,
    ImageRepoProxy,
    JournalProxy,
    MemberRepoProxy,
    Nouns,
    UsageProxy,
)
from glancepipe.contract.query import Filter, ImageQuery, Page, Sight
from glancepipe.contract.records import (
    Image,
    ImageValues,
    Intent,
    Location,
    Member,
    Reservation,
    Status,
    Target,
    Usage,
    UsageReport,
    replace,
)
from glancepipe.contract.store import Store, Stores, Written
from glancepipe.contract.tasks import Task, TaskPage, TaskQuery, TaskRepoProxy, TaskStatus

__all__ = [
    "ABSENT",
    "BLOCK",
    "CONTRACT",
    "KINDS",
    "NOUNS",
    "OPERATIONS",
    "SERVICE",
    "Association",
    "AuthorityProxy",
    "Call",
    "Caller",
    "Change",
    "ChangeSet",
    "Data",
    "Definition",
    "DefinitionQuery",
    "DefinitionRepoProxy",
    "Digest",
    "Ended",
    "Filter",
    "Finding",
    "Image",
    "ImageFactoryProxy",
    "ImageProxy",
    "ImageQuery",
    "ImageRepoProxy",
    "ImageValues",
    "Intent",
    "JournalProxy",
    "Kind",
    "Layer",
    "Location",
    "Member",
    "MemberRepoProxy",
    "Namespace",
    "NamespacePage",
    "NamespaceQuery",
    "NamespaceRepoProxy",
    "Note",
    "Nouns",
    "Operation",
    "Page",
    "Reservation",
    "ResourceType",
    "ResourceTypeRepoProxy",
    "Services",
    "Sight",
    "Span",
    "Status",
    "Store",
    "Stores",
    "Target",
    "Task",
    "TaskPage",
    "TaskQuery",
    "TaskRepoProxy",
    "TaskStatus",
    "Usage",
    "UsageProxy",
    "UsageReport",
    "Verdict",
    "Watch",
    "Written",
    "replace",
]
