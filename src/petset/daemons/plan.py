"""The process behind `petset plan`: a question on standard input, a forecast on standard output, both JSON.

The command line must answer at once and knows nothing of controllers; a forecast is a whole control plane. So it
has a process of its own, as the server has, which ends with its answer and touches nothing outside.
"""

import json
import logging
import sys
from dataclasses import asdict
from datetime import datetime

from petset.api.gates import parse
from petset.testing.forecast.run import Question, forecast


def main() -> int:
    """Answer one question; the exit code."""
    logging.disable(logging.CRITICAL)  # what would be logged happens only in the copy
    asked = json.load(sys.stdin)
    question = Question(
        datetime.fromisoformat(asked["now"]),
        asked["present"],
        asked["wanted"],
        asked["warnings"],
        parse(asked["gates"]),
    )
    json.dump(asdict(forecast(question)), sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
