"""The format of the golden vectors: cases, flags, packing, schemas, and the store that reads
them.
"""
