"""One module a command: its options and what it prints. Heavy imports stay inside the function."""
