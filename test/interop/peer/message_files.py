"""The message in hand, as the directory that the runtime shows."""

import json
import os

ROOT = os.environ.get("ASYA_MSG_ROOT", "/proc/asya/msg")
MOUNT = os.environ.get("ASYA_PERSISTENCE_MOUNT", "")


def path_of(name):
    return os.path.join(ROOT, name)


def read(name):
    try:
        with open(path_of(name), encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


def write(name, text):
    os.makedirs(os.path.dirname(path_of(name)), exist_ok=True)
    with open(path_of(name), "w", encoding="utf-8") as file:
        file.write(text)


def remove(name):
    try:
        os.remove(path_of(name))
    except FileNotFoundError:
        pass


def read_actors(name):
    return [actor for actor in read(name).splitlines() if actor]


def read_headers():
    headers = {}
    directory = path_of("headers")
    for name in os.listdir(directory) if os.path.isdir(directory) else []:
        text = read(f"headers/{name}")
        try:
            headers[name] = json.loads(text)
        except ValueError:
            headers[name] = text
    return headers


def document_path(task_id):
    # The id goes into the path as it is. This is one of the faults that the peer is known for.
    return f"{MOUNT}/paused/{task_id}.json"
