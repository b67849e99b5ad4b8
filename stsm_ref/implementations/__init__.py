"""The thing under test, behind one face: a Python function, a program in any language, an ONNX
graph.
"""
