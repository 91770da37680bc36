"""Asks a person, waits, and acts once, by the inbox's API; with nothing but Python's own library.

Run it again after a crash: it asks nothing twice, and acts once.
"""

import json
import os
import sys
import urllib.error
import urllib.request

API = os.environ["INBOX_URL"].rstrip("/") + "/api/v1"
TOKEN = os.environ["INBOX_TOKEN"]


def call(method, path, body=None, key=None):
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    if key is not None:
        headers["idempotency-key"] = key
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(API + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=90) as response:
            text = response.read()
            return json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        sys.exit(f"{problem['code']}: {problem['detail']}")


def main(hold, effect):
    call("POST", "/holds", {"id": hold, "ask": {"message": "Refund 5000?"}, "content": {"amount": 5000}})
    while call("GET", f"/holds/{hold}/wait")["state"] == "waiting":
        pass
    claim = call("POST", f"/holds/{hold}/claim", {}, key=hold)
    if claim["outcome"] != "claimed":
        print(json.dumps({"outcome": claim["outcome"], "receipt": claim.get("receipt")}))
        return
    with open(effect, "a") as payments:
        payments.write(f"{claim['content']['amount']} {claim['idempotencyKey']}\n")
    call("POST", f"/holds/{hold}/receipt", {"token": claim["token"], "receipt": {"paid": claim["content"]["amount"]}})
    print(json.dumps({"outcome": "paid"}))


main(*sys.argv[1:])
