"""The emulator's descriptions of pictures and recordings."""
