"""The table of operator meanings, one file for each kind of operator."""
