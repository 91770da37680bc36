"""Is called with what was decided, and acts once; with nothing but Python's own library.

However often it is called, it pays once: it claims the hold before it pays, and leaves a receipt after it has.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

API = os.environ["INBOX_URL"].rstrip("/") + "/api/v1"
TOKEN = os.environ["INBOX_TOKEN"]
SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
PATIENCE_SECONDS = 60


class Later(Exception):
    """Somebody else acts, or the inbox is away: whoever has called is to call again."""


def is_signed(headers, body):
    stamp = headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > 300:
        return False
    signed = f"{headers.get('webhook-id')}.{stamp}.".encode() + body
    signature = "v1," + base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(signature, each) for each in headers.get("webhook-signature", "").split())


def call(path, body, key=None):
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    if key is not None:
        headers["idempotency-key"] = key
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            request = urllib.request.Request(API + path, json.dumps(body).encode(), headers, method="POST")
            with urllib.request.urlopen(request, timeout=10) as response:
                return json.loads(response.read() or "null")
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise Later(json.load(error)["code"]) from error
        except (OSError, ValueError) as error:
            if time.monotonic() > until:
                raise Later("the inbox is away") from error
        # The same request again is found again, by its key or its token.
        time.sleep(0.2)


def act(hold, effect):
    # A key of this call's own: of two calls at a time that had the same, both would find the same claim.
    claim = call(f"/holds/{hold}/claim", {}, key=str(uuid.uuid4()))
    if claim["outcome"] != "claimed":
        return
    with open(effect, "a") as payments:
        payments.write(f"{claim['content']['amount']} {claim['idempotencyKey']}\n")
    call(f"/holds/{hold}/receipt", {"token": claim["token"], "receipt": {"paid": claim["content"]["amount"]}})


class Called(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_signed(self.headers, body):
            self.answer(401)
            return
        event = json.loads(body)
        try:
            if event["type"] == "hold.answered":
                act(event["data"]["id"], sys.argv[1])
            # Once it has been answered by 2xx, nobody calls again.
            self.answer(204)
        except Later:
            self.answer(503)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "0"))), Called)
print(server.server_port, flush=True)
server.serve_forever()
