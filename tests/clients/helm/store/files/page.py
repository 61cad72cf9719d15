"""Serves the directory of the configuration, says what it serves, and goes when it is told to."""

import functools
import http.server
import signal
import sys

signal.signal(signal.SIGTERM, lambda *_: sys.exit())
page = functools.partial(http.server.SimpleHTTPRequestHandler, directory="/configuration")
http.server.ThreadingHTTPServer(("", 8080), page).serve_forever()
