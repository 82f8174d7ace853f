"""The ``db`` layer: image records, members, usage and the journal in a relational database."""
