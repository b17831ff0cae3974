"""Routes and methods of the emulated API, and how a request reaches them."""
