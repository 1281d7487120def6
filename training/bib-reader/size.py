"""Pixels of a look, and the columns that the net cuts it into."""
HEIGHT, WIDTH, STEPS = 64, 160, 40
