"""What we store: columns, constraints, relations, small derived properties. One file per noun."""
