"""Metadata definitions in Glance's tables: namespaces, what is in them, and the resource types they apply to (FEATURES 5, 9)."""
