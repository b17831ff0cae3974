"""Where the documents are: in a folder of this machine, or in a bucket."""
