"""The business: one module per noun; no HTTP, no mail, no PDF."""
