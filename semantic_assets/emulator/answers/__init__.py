"""What the emulated models answer: vectors, texts, token counts."""
