"""The subprocess protocol, version 1: messages, schemas, the session, and its validator for
authors of programs.
"""
