"""What is asked: of any implementation, and of the insides of our own."""
