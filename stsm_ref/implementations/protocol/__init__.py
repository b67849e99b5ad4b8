"""The subprocess protocol, version 1: messages, schemas, the session, and a validator."""
