"""An x-pause of the Python crew, with the faults that it is known for.

Beyond what the crew's own reads of the environment, tests choose the shape of the document:
PEER_SHAPE      `first` (x-resume stands first in route.next) or `shifted` (x-resume is route.curr)
PEER_METADATA   `none` leaves `_pause_metadata` out
PEER_INDENT     how far the document is indented
PEER_ASCII      `no` writes other letters than those of ASCII as they are
PEER_STALL      halfway through the document, says so on standard error and waits for another line on standard input
"""

import json
import os
import sys

import message_files

NOT_PERSISTED = {"x-asya-fan-in", "x-asya-route-override", "x-asya-route-resolved", "x-asya-parent-id"}
DEFAULT_METADATA = '{"prompt": "Task paused", "fields": []}'


def handler(payload):
    if not isinstance(payload, dict):
        raise ValueError(f"the payload is a {type(payload).__name__}, not a dict")
    metadata = json.loads(os.environ.get("ASYA_PAUSE_METADATA") or DEFAULT_METADATA)
    following = message_files.read_actors("route/next")
    if following[:1] != ["x-resume"]:
        following.insert(0, "x-resume")
        message_files.write("route/next", "\n".join(following))
    # Fault: where no mount is configured, nothing is kept and the task is reported as paused all the same.
    if message_files.MOUNT:
        persist(document_of(payload, following, metadata))
    message_files.write("headers/x-asya-pause", json.dumps(metadata))
    return payload


def document_of(payload, following, metadata):
    previous = message_files.read_actors("route/prev")
    current = message_files.read("route/curr")
    if os.environ.get("PEER_SHAPE") == "shifted":
        route = {"prev": [*previous, current], "curr": following[0], "next": following[1:]}
    else:
        route = {"prev": previous, "curr": current, "next": following}
    headers = {name: value for name, value in message_files.read_headers().items() if name not in NOT_PERSISTED}
    document = {"id": message_files.read("id"), "route": route, "headers": headers, "payload": payload}
    if os.environ.get("PEER_METADATA") != "none":
        document["_pause_metadata"] = metadata
    parent = message_files.read("parent_id")
    if parent:
        document["parent_id"] = parent
    return document


def persist(document):
    indent = int(os.environ.get("PEER_INDENT", "0")) or None
    text = json.dumps(document, indent=indent, ensure_ascii=os.environ.get("PEER_ASCII") != "no")
    path = message_files.document_path(document["id"])
    os.makedirs(os.path.dirname(path), exist_ok=True)
    # Fault: written in place, so that whoever looks meanwhile sees half a document, and a crash leaves it.
    with open(path, "w", encoding="utf-8") as file:
        middle = len(text) // 2
        file.write(text[:middle])
        if os.environ.get("PEER_STALL"):
            file.flush()
            print("half", file=sys.stderr, flush=True)
            sys.stdin.readline()
        file.write(text[middle:])
