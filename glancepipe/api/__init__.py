"""HTTP in and out, nothing else: routes as data, one module per resource, one place for errors."""
