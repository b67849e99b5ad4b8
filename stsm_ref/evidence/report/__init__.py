"""What a run found, as data, and what a terminal, a page or a program is shown of it."""
