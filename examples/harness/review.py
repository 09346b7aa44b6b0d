#!/usr/bin/env python3
"""review.py SERVER DIRECTORY: a client of a few lines, in Python's standard library.

Finds the files that speak of a pattern, reads the first of them, and reports the state of the
repository if there is one. Exit code 1 when the server answers wrongly.
"""

import json
import subprocess
import sys
import tempfile


class Client:
    """One server process; one request at a time."""

    def __init__(self, server, directory, state):
        self._process = subprocess.Popen(
            [server, "serve", "--root", directory, "--state-dir", state],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._last_id = 0
        self.request(
            "initialize",
            protocolVersion="2025-11-25",
            capabilities={},
            clientInfo={"name": "review.py", "version": "1"},
        )
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _send(self, message):
        # One message a line; json.dumps never writes a newline of its own.
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()

    def request(self, method, **params):
        self._last_id += 1
        self._send(
            {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params}
        )
        for line in self._process.stdout:
            answer = json.loads(line)
            if answer.get("id") == self._last_id:
                if "error" in answer:
                    raise RuntimeError(answer["error"]["message"])
                return answer["result"]
        raise RuntimeError("the server ended")

    def call(self, tool, **arguments):
        result = self.request("tools/call", name=tool, arguments=arguments)
        text = "\n".join(block.get("text", "") for block in result["content"])
        if result.get("isError"):
            raise RuntimeError(f"{tool}: {text}")
        return text

    def close(self):
        self._process.stdin.close()
        return self._process.wait(timeout=10)


def main():
    if len(sys.argv) != 3:
        print("usage: review.py SERVER DIRECTORY", file=sys.stderr)
        return 2
    server, directory = sys.argv[1:]
    with tempfile.TemporaryDirectory() as state:
        client = Client(server, directory, state)
        tools = {tool["name"] for tool in client.request("tools/list")["tools"]}
        print("tools:", ", ".join(sorted(tools)))

        files = client.call(
            "grep", pattern="[Tt]he", output_mode="files_with_matches", head_limit=5
        )
        print("files with the word:", files, sep="\n")
        found = client.call("glob", pattern="**/*.md", limit=1)
        path = next((line for line in found.splitlines() if line.endswith(".md")), None)
        if path is not None:
            print("the first lines of", path)
            print(client.call("read_file", path=path, limit=5))
        try:
            print(client.call("git_status"))
        except RuntimeError as error:
            print("no state of a repository:", error)
        return client.close()


if __name__ == "__main__":
    sys.exit(main())
