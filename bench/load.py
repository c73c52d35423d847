"""What the sandbox itself can serve: a load generator for small calls, so that the endpoint is known not to hide the
tools. One request in flight on each of its connections, like any client without pipelining.
"""

import datetime
import hashlib
import hmac
import selectors
import socket
import time
from dataclasses import dataclass

from project import BUCKET, names
from sandbox import Sandbox

CONNECTIONS = 32
SECONDS = 3.0


@dataclass
class Rate:
    call: str
    per_second: float
    # Processor time of the sandbox, in microseconds a request.
    sandbox_us: float
    # Share of one core that the load generator needed: it is not what limits the rate while this is below 1.
    generator_cores: float


def measure(sandbox: Sandbox, manifest: bytes) -> list[Rate]:
    name = names(1)[0]
    backup = f"/{BUCKET}/layers/{name}/layer/000001/requirements.txt"
    tag = f'"{hashlib.md5(manifest).hexdigest()}"'
    calls = [
        ("HeadObject", "s3", "HEAD", f"/{BUCKET}/layers/{name}/layer/layer.zip", {"x-amz-checksum-mode": "ENABLED"}),
        ("GetObject, not modified", "s3", "GET", backup, {"if-none-match": tag}),
        ("GetObject, 1 KB", "s3", "GET", backup, {}),
        ("GetLayerVersion", "lambda", "GET", f"/2018-10-31/layers/{name}/versions/1", {}),
        ("ListLayerVersions", "lambda", "GET", f"/2018-10-31/layers/{name}/versions", {}),
        ("ListLayers, 50 a page", "lambda", "GET", "/2018-10-31/layers?MaxItems=50", {}),
    ]
    return [rate(sandbox, *call) for call in calls]


def rate(sandbox: Sandbox, title: str, service: str, method: str, path: str, headers: dict) -> Rate:
    request = signed(sandbox, service, method, path, headers)
    host, port = sandbox.endpoint.removeprefix("http://").split(":")
    selector = selectors.DefaultSelector()
    for _ in range(CONNECTIONS):
        connection = socket.create_connection((host, int(port)))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(request)
        selector.register(connection, selectors.EVENT_READ, bytearray())
    exchange(selector, request, method == "HEAD", SECONDS / 10)
    before = sandbox.cpu_seconds(), time.process_time(), time.perf_counter()
    answered = exchange(selector, request, method == "HEAD", SECONDS)
    seconds = time.perf_counter() - before[2]
    served, generated = sandbox.cpu_seconds() - before[0], time.process_time() - before[1]
    for key in list(selector.get_map().values()):
        key.fileobj.close()
    selector.close()
    return Rate(title, answered / seconds, served / answered * 1e6, generated / seconds)


def exchange(selector: selectors.BaseSelector, request: bytes, headless: bool, seconds: float) -> int:
    """Keeps every connection busy for so long; returns how many answers came."""
    answered, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        for key, _ in selector.select():
            received = key.data
            received += key.fileobj.recv(65536)
            if is_whole(received, headless):
                if received[9:10] not in (b"2", b"3"):
                    raise RuntimeError(f"the sandbox refused: {bytes(received)!r}")
                received.clear()
                key.fileobj.send(request)
                answered += 1
    return answered


def is_whole(received: bytearray, headless: bool) -> bool:
    head = received.find(b"\r\n\r\n")
    if head < 0 or headless or received.startswith(b"HTTP/1.1 304"):
        return head >= 0
    at = received.lower().find(b"content-length: ", 0, head)
    return len(received) >= head + 4 + int(received[at + 16 : received.find(b"\r", at)])


def signed(sandbox: Sandbox, service: str, method: str, path: str, headers: dict) -> bytes:
    """A request with AWS's signature, version 4; good for a quarter of an hour."""
    now = datetime.datetime.now(datetime.timezone.utc)
    date, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    empty = hashlib.sha256(b"").hexdigest()
    host = sandbox.endpoint.removeprefix("http://")
    headers = dict(sorted({**headers, "host": host, "x-amz-date": date, "x-amz-content-sha256": empty}.items()))
    where, _, query = path.partition("?")
    scope = f"{day}/us-east-1/{service}/aws4_request"
    canonical = "\n".join(
        [method, where, query, *(f"{name}:{value}" for name, value in headers.items()), "", ";".join(headers), empty]
    )
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{sandbox.environment['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashed}".encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={sandbox.environment['AWS_ACCESS_KEY_ID']}/{scope}, "
        f"SignedHeaders={';'.join(headers)}, Signature={signature}"
    )
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode()
