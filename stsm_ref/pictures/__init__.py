"""Real pixels and drawings: a photograph panned into a clip, the shift before and after, arrays as
grids, counterexamples as pictures.
"""
