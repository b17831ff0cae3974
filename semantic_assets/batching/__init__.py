"""Pure functions between texts and Google's JSONL: packing, request lines, answer lines."""
