"""The public Python API: SemanticCore, functions over it, BatchManager and GenerationJob."""
