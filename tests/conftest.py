"""How Hypothesis plays: the same examples in every run, unless somebody asks for new ones.

A run that fails must fail again. `HYPOTHESIS_PROFILE=explore` looks for what no run has tried yet.
"""

import os

from hypothesis import settings

settings.register_profile("replay", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("explore", derandomize=False, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "replay"))
