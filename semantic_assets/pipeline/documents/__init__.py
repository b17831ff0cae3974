"""Reading source files into rows of `documents`, and taking documents in by a call."""
