"""How well the modes of search answer judged questions, on vectors with meaning and on hashed words."""
