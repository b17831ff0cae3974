"""Pure functions from texts to Google's JSONL and back: packing, request and answer lines."""
