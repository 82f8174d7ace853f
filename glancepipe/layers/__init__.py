"""The built-in layers, one file each, named as the operator types them; the layer ``db`` has a package of its own."""
