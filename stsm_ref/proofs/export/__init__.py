"""A torch module as graphs, with the sizes that they hold for and the Python code watched while
they are recorded.
"""
