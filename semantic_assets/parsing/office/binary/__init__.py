"""Readers of the binary files of Office 97 to 2003, and the container they are in."""
