"""A server that costs next to nothing: every answer is made beforehand. ``python -m benchmarks.bare PAGES``."""

from __future__ import annotations

import asyncio
import json
import sys

ROWS = 1000
TASK = "123e4567-e89b-12d3-a456-426614174000"


def row(number: int) -> dict[str, object]:
    return {
        "submissionId": number,
        "userId": f"abc-def-{number}",
        "userName": f"Worker{number}",
        "userAvatar": "https://example.com/avatar.png",
        "campaignId": TASK,
        "campaignTitle": "Complete a Survey",
        "status": "Pending",
        "country_name": "United States",
        "submittedAt": "2025-01-16T14:30:00Z",
        "proof_text": "Completed the survey as requested",
        "images": [{"id": "img_1", "url": "https://example.com/1.png", "thumbnailUrl": "https://example.com/1s.png"}],
        "notes": None,
        "workerAccountAgeDays": 120,
        "workerApprovalRate": "85%",
        "workerTotalCompleted": 47,
    }


def page(number: int, pages: int) -> bytes:
    rows = [row((number - 1) * ROWS + n) for n in range(ROWS)]
    told = {"totalCount": pages * ROWS, "pageCount": pages, "currentPage": number, "rowsPerPage": ROWS}
    following = f"http://127.0.0.1/?page={number + 1}" if number < pages else None
    inner = {"submissions": rows, "pagination": told}
    return answer({"count": pages * ROWS, "next": following, "previous": None, "results": inner})


def answer(data: object) -> bytes:
    body = json.dumps(data).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class Server(asyncio.Protocol):
    """Answers each request by its path alone."""

    pages: dict[int, bytes]
    approved: bytes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.pending = b""

    def data_received(self, data: bytes) -> None:
        self.pending += data
        while (end := self.pending.find(b"\r\n\r\n")) >= 0:
            head = self.pending[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(self.pending) < end + 4 + length:
                return
            path = self.pending[:end].split(b" ", 2)[1]
            self.pending = self.pending[end + 4 + length :]
            number = path.partition(b"page=")[2].partition(b"&")[0]
            self.transport.write(self.pages[int(number)] if number else self.approved)


async def main(pages: int) -> None:
    Server.pages = {number: page(number, pages) for number in range(1, pages + 1)}
    item = {"id": 123, "user": "worker", "status": "Approved", "amount_paid": "5.00"}
    Server.approved = answer({"success": True, "message": "Submission approved successfully", "submission": item})
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(json.dumps({"base_url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
