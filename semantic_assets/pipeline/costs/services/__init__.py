"""The two services of Google, side by side."""
