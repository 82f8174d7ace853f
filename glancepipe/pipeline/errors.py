"""The one error of this package: a mistake in the configuration."""


class PipelineError(ValueError):
    """A configuration that can't be meant: one sentence that names the line and the remedy."""
