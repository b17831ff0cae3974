"""The verbs: plain functions over an opened Store and a Gemini client. Each exists once."""
