"""From the configuration of a Glance to one of glancepipe: what stays, what moves, what has no meaning here."""
