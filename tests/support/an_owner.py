"""Owns an embedded database until it is killed; a program for the tests.

    an_owner.py DATA_FOLDER PROGRAMS_FOLDER TIE

It prints the server's process number and the DSN once it is ready, then waits. The
server is started from a thread that ends at once, as a careless caller would.
"""

import sys
import threading
import time
from pathlib import Path

from charteroak.server.store.postgres.supervisor import EmbeddedPostgres

if __name__ == "__main__":
    data, programs, tie = sys.argv[1:]
    server = EmbeddedPostgres(Path(data), binaries_dir=Path(programs), tie=tie)
    starter = threading.Thread(target=server.start)
    starter.start()
    starter.join()
    time.sleep(0.3)  # were the server tied to that thread, it would end now
    sys.stdout.write(f"{server.process}\n{server.dsn}\n")
    sys.stdout.flush()
    time.sleep(600)
