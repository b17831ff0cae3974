"""Readers of office files: Word, PowerPoint, Excel, OpenDocument, EPUB, RTF."""
