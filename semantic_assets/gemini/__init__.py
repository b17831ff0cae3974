"""The client of the Gemini Batch API: it translates errors once and reads answers tolerantly."""
