"""One folder a controller, each with the same files: model, plan, invariants, apply, controller."""
