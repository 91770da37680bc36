"""Runs a handler as the Python runtime does: a payload in, a payload out, the rest of the message as files.

    python3 runtime.py x_pause < payload.json

The payload is one line on standard input, what the handler returns is one line on standard output. A handler that fails
ends the process with 1, and standard output then holds what the sidecar would be told.
"""

import importlib
import json
import sys


def main() -> int:
    handler = importlib.import_module(sys.argv[1]).handler
    try:
        payload = handler(json.loads(sys.stdin.readline()))
    except Exception as error:
        details = {"type": type(error).__name__, "message": str(error)}
        print(json.dumps({"error": "processing_error", "details": details}))
        return 1
    print(json.dumps(payload))
    return 0


if __name__ == "__main__":
    sys.exit(main())
