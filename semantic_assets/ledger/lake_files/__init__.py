"""What the ledger knows of the files of the lake."""
