"""PDF: the text layer of each page, form values and notes; what has no text is named."""
