"""One user of an embedded server, as a program that tests start, talk to and kill.

    python user_program.py FOLDER NAME SYSTEM

It starts the server and prints the address as a line of JSON. For each line that it reads it then does what
the line says and answers with a line. At the end of its input it leaves without a word to anybody.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from stepwell.engines.embedded.server import EmbeddedServer


def main(folder: str, name: str, system: str) -> None:
    """Start, then obey."""
    server = EmbeddedServer(Path(folder), name, durable=False, system=Path(system))
    print(json.dumps(asdict(server.start())), flush=True)
    for line in sys.stdin:
        print(obey(server, line.strip()), flush=True)
    os._exit(0)


def obey(server: EmbeddedServer, word: str) -> str:
    """Do one thing and give the answer."""
    if word == "start":
        return json.dumps(asdict(server.start()))
    if word == "release":
        server.release()
    elif word == "fork":
        if (child := os.fork()) == 0:
            server.release()
            os._exit(0)
        os.waitpid(child, 0)
    return word


if __name__ == "__main__":
    main(*sys.argv[1:])
