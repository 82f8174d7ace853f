"""The command ``glancepipe``. Command modules are thin: what is heavy is imported when a command runs."""
