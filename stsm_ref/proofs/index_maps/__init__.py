"""A tensor as a map from positions to entries of the input, and the integers and formulas that
such maps are made of.
"""
