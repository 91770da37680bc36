"""What a gateway shows of a paused task: the payload of its document, whose id is the one line on standard input."""

import json

import message_files


def handler(task_id):
    with open(message_files.document_path(task_id), encoding="utf-8") as file:
        return json.load(file)["payload"]
