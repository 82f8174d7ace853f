"""A third-party plugin that stops or kills its own process at a chosen step of what the service does."""
