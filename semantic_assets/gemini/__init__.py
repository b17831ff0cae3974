"""The Gemini Batch API: one client, its errors translated once, its answers read tolerantly."""
