"""The paper, one file for each equation, figure or section, in literals."""
