"""Layer ``policy``: who may do what, by the rules of oslo.policy under Glance's names.

``layer`` judges, ``rules`` are the defaults, ``targets`` what rules look at, ``files`` the operator's own rules,
``checks`` makes rules fast, ``listing`` narrows listings by them.
"""

from glancepipe.layers.policy.layer import Policy

__all__ = ["Policy"]
