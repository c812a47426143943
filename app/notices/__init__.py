"""Who is told what, by which channel, in his language."""
