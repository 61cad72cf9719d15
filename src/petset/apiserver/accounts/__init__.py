"""Service accounts as users of the API: the tokens they get, and whom a token stands for."""
