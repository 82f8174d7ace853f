"""Metadata definitions over HTTP: schemas, what clients propose, what they see, a module of handlers per resource (FEATURES 5)."""
