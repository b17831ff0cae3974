"""What differs between jobs for vectors and jobs for answers."""
