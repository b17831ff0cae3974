"""Pages of HTML as Markdown: their tree, what of it is content, and how it is written."""
