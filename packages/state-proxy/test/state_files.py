"""Files of a state mount as Asya's runtime makes them of requests: one connection a call, nothing encoded.

Reads one JSON command a line from standard input, and writes one JSON result a line. Needs nothing but Python.
"""

import base64
import errno
import http.client
import json
import socket
import sys
import tempfile


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


EXCEPTIONS = {
    400: ValueError,
    403: PermissionError,
    404: FileNotFoundError,
    409: FileExistsError,
    500: OSError,
    503: ConnectionError,
    504: TimeoutError,
}


def raise_for_status(response):
    if response.status < 400:
        return
    try:
        message = json.loads(response.read())["message"]
    except Exception:
        message = f"status {response.status}"
    if response.status == 413:
        raise OSError(errno.EFBIG, message)
    raise EXCEPTIONS.get(response.status, OSError)(message)


class Mount:
    def __init__(self, path):
        self.path = path

    def request(self, method, target, **options):
        connection = UnixConnection(self.path)
        connection.request(method, target, **options)
        response = connection.getresponse()
        raise_for_status(response)
        return connection, response

    def read(self, key):
        connection, response = self.request("GET", f"/keys/{key}")
        # Without a length the runtime's file could not seek.
        assert response.getheader("Content-Length") is not None
        with tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024) as spool:
            while chunk := response.read(64 * 1024):
                spool.write(chunk)
            spool.seek(0)
            connection.close()
            return spool.read()

    def write(self, key, data, exclusive=False):
        headers = {"Content-Length": str(len(data))}
        if exclusive:
            headers["If-None-Match"] = "*"
        with tempfile.SpooledTemporaryFile(max_size=4 * 1024 * 1024) as spool:
            spool.write(data)
            spool.seek(0)
            connection, _ = self.request("PUT", f"/keys/{key}", body=spool, headers=headers)
            connection.close()

    def write_through(self, key, chunks, exclusive=False):
        connection = UnixConnection(self.path)
        connection.putrequest("PUT", f"/keys/{key}")
        connection.putheader("Transfer-Encoding", "chunked")
        if exclusive:
            connection.putheader("If-None-Match", "*")
        connection.endheaders()
        for chunk in chunks:
            connection.send(b"%x\r\n" % len(chunk) + chunk + b"\r\n")
        connection.send(b"0\r\n\r\n")
        raise_for_status(connection.getresponse())
        connection.close()

    def stat(self, key):
        connection = UnixConnection(self.path)
        connection.request("HEAD", f"/keys/{key}")
        response = connection.getresponse()
        if response.status == 404:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory", key)
        raise_for_status(response)
        size = int(response.getheader("Content-Length", "0"))
        is_file = response.getheader("X-Is-File", "true").lower() == "true"
        connection.close()
        return {"size": size, "isFile": is_file}

    def listdir(self, directory):
        prefix = directory if directory.endswith("/") or directory == "" else f"{directory}/"
        connection, response = self.request("GET", f"/keys/?prefix={prefix}&delimiter=/")
        listing = json.loads(response.read())
        connection.close()
        names = [key[len(prefix) :] if key.startswith(prefix) else key for key in listing["keys"]]
        for group in listing["prefixes"]:
            names.append((group[len(prefix) :] if group.startswith(prefix) else group).rstrip("/"))
        return [name for name in names if name]

    def remove(self, key):
        connection, _ = self.request("DELETE", f"/keys/{key}")
        connection.close()

    def listxattr(self, key):
        connection, response = self.request("GET", f"/meta/{key}")
        attributes = json.loads(response.read())["attrs"]
        connection.close()
        return attributes

    def getxattr(self, key, name):
        connection, response = self.request("GET", f"/meta/{key}?attr={name}")
        value = json.loads(response.read())["value"]
        connection.close()
        return value.encode().decode()

    def setxattr(self, key, name, value):
        body = json.dumps({"value": value}).encode()
        headers = {"Content-Length": str(len(body)), "Content-Type": "application/json"}
        connection, _ = self.request("PUT", f"/meta/{key}?attr={name}", body=body, headers=headers)
        connection.close()

    def increment(self, key, times):
        """Reads a number and writes the next one, as an actor does whose message is delivered again after a conflict."""
        written = 0
        conflicts = 0
        while written < times:
            try:
                number = int(self.read(key))
                self.write(key, str(number + 1).encode())
                written += 1
            except FileExistsError:
                conflicts += 1
        return {"written": written, "conflicts": conflicts}


def encoded(value):
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def decoded(value):
    if isinstance(value, dict) and "base64" in value:
        return base64.b64decode(value["base64"])
    return [decoded(item) for item in value] if isinstance(value, list) else value


def main():
    for line in sys.stdin:
        command = json.loads(line)
        try:
            mount = Mount(command["socket"])
            result = getattr(mount, command["call"])(*[decoded(value) for value in command["arguments"]])
            print(json.dumps({"result": encoded(result)}), flush=True)
        except Exception as error:
            code = errno.errorcode.get(getattr(error, "errno", None) or 0)
            print(json.dumps({"raised": type(error).__name__, "errno": code, "message": str(error)}), flush=True)


main()
