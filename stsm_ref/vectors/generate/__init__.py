"""How the golden vectors were made, and are made again byte for byte."""
