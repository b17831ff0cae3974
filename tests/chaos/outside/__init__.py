"""What befalls from outside the laboratory, by the kinds A to N of the promises that it tries."""
