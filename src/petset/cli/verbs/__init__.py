"""One module a verb, each with `run(options, surroundings) -> exit code`."""
