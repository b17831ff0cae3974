"""The names of source code and of data kept as text, and of files that no reader takes."""
