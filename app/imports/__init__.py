"""Books of other systems, taken over: one module per kind of file."""
