"""What of a ranking is shown: passages, as hits or by document, and the sentence that answers best."""
