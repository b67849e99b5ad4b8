"""The paper's Figures 1 to 4 and Tables 1 to 3, drawn again, and the operator in five seconds."""
