"""A small company to look at and to test with; loads of generated orders for measurements."""
