"""The checks can fail, the tables are complete, the rules of the house hold."""
