"""The engine: knows no business, reusable as it stands."""
