"""The API over HTTPS: what one server answers in a second, to many at once and to one alone."""
