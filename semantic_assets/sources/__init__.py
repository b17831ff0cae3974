"""The places of the documents: a folder of this machine, or a bucket."""
