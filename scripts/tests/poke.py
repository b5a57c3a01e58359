"""poke.py PORT: stand between a client and the server at PORT. At SIGUSR1, say
to the client the first byte of a record, and nothing after it."""
import select
import signal
import socket
import sys

door = socket.create_server(("127.0.0.1", 0))
print(door.getsockname()[1], flush=True)
client = door.accept()[0]
server = socket.create_connection(("localhost", int(sys.argv[1])))


def poke(*_):
    client.sendall(b"\x17")
    print("poked", flush=True)


signal.signal(signal.SIGUSR1, poke)
while True:
    for here in select.select([client, server], [], [])[0]:
        words = here.recv(65536)
        if not words:
            sys.exit()
        (server if here is client else client).sendall(words)
