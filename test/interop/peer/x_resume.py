"""An x-resume of the Python crew, with the faults that it is known for.

PEER_READS chooses how it reads a document. Which of these is out there depends on the release:
`get`       what may be missing has a default (`document.get("_pause_metadata", {})`)
`index`     everything must be there
`headers`   as `get`, and the stored headers go on with the message
`bare`      as `get`, but of a release that knew no metadata yet
`eager`     as `get`, but the document is deleted before it is looked into
"""

import datetime
import json
import os

import message_files

READS = os.environ.get("PEER_READS", "get")


def handler(payload):
    if not isinstance(payload, dict):
        raise ValueError(f"the payload is a {type(payload).__name__}, not a dict")
    task_id = message_files.read("headers/x-asya-resume-task")
    if not task_id:
        raise ValueError("there is no header x-asya-resume-task")
    path = message_files.document_path(task_id)
    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    if READS == "eager":
        os.remove(path)

    restored = document["payload"]
    merge(restored, payload, fields_of(document))
    # Fault: x-resume is still the first of these, so the message comes back here.
    message_files.write("route/next", "\n".join(document["route"]["next"]))
    if READS == "headers":
        for name, value in document["headers"].items():
            message_files.write(f"headers/{name}", value if isinstance(value, str) else json.dumps(value))
    renew_deadline()
    # Fault: deleted before the sidecar has the result.
    if READS != "eager":
        os.remove(path)
    message_files.remove("headers/x-asya-resume-task")
    message_files.remove("headers/x-asya-resume-timeout")
    return restored


def fields_of(document):
    if READS == "bare":
        return []
    metadata = document["_pause_metadata"] if READS == "index" else document.get("_pause_metadata", {})
    return metadata.get("fields", [])


def merge(restored, given, fields):
    if not fields and os.environ.get("ASYA_RESUME_MERGE_MODE") == "deep":
        merge_deep(restored, given)
    elif not fields:
        restored.update(given)
    for field in fields:
        if field["name"] in given:
            place(restored, field.get("payload_key", f"/{field['name']}"), given[field["name"]])


def merge_deep(target, source):
    for name, value in source.items():
        if isinstance(target.get(name), dict) and isinstance(value, dict):
            merge_deep(target[name], value)
        else:
            target[name] = value


def place(target, payload_key, value):
    *parents, last = [name for name in payload_key.split("/") if name]
    for name in parents:
        target = target.setdefault(name, {})
    target[last] = value


def renew_deadline():
    seconds = message_files.read("headers/x-asya-resume-timeout")
    if seconds:
        now = datetime.datetime.now(tz=datetime.timezone.utc)
        deadline = now + datetime.timedelta(seconds=float(seconds))
        message_files.write("headers/x-asya-deadline-at", deadline.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
