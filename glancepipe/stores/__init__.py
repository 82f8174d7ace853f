"""Built-in store drivers, found through the entry points ``glancepipe.stores``."""
