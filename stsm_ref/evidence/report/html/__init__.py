"""Reports as HTML pages with nothing to load."""
