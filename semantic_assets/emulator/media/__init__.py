"""What the emulator sees in pictures and hears in recordings."""
