"""PUBLIC. The kit that proves a plugin: suites that every driver or layer passes, and a pipeline to try it in."""

from glancepipe.testing.ends import Ends
from glancepipe.testing.pipelines import linked

__all__ = ["Ends", "linked"]
