"""How names in a configuration become a pipeline: loading, order, linking, inspection."""

from glancepipe.pipeline.builder import Pipeline, build
from glancepipe.pipeline.errors import PipelineError

__all__ = ["Pipeline", "PipelineError", "build"]
