"""The routes, as data: one table per resource. Method and path, who answers, which operation it is (FEATURES 1.3)."""

from glancepipe.api.routes import discovery, images, locations, members, metadefs, schemas, stores, tasks

ROUTES = (
    *images.ROUTES,
    *locations.ROUTES,
    *members.ROUTES,
    *metadefs.ROUTES,
    *tasks.ROUTES,
    *discovery.ROUTES,
    *schemas.ROUTES,
    *stores.ROUTES,
)
"""All routes; the order of a path's methods is that of the Allow header."""
