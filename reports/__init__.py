"""What we print: trees of plain values, and the renderers that draw them."""
