"""Readers of e-mail: messages, mailboxes, and Outlook's own files."""
