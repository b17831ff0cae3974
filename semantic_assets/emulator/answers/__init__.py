"""The answers of the emulated models: vectors, texts, token counts."""
