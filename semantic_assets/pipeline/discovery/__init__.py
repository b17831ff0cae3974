"""Discovery of the sources: placing, renaming and removing files and datasets."""
