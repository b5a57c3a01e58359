#!/usr/bin/env python3
"""led-lines.py PORT CA CERT KEY SEED LINES - what lab 5's server makes of lines.

Random ones, and distorted commands: each must be refused. Then each command,
cut in two at every place and byte by byte: each must be understood.
"""
import random
import socket
import ssl
import sys

port, ca, cert, key, seed, lines = sys.argv[1:]
random.seed(int(seed))
COMMANDS = [b"LED ON", b"LED OFF", b"LED TOGGLE", b"LED?"]

context = ssl.create_default_context(cafile=ca)
context.load_cert_chain(cert, key)
tcp = socket.create_connection(("localhost", int(port)), timeout=60)
tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
tls = context.wrap_socket(tcp, server_hostname="localhost")
answers = tls.makefile("rb")


def distorted():
    word = bytearray(random.choice(COMMANDS))
    for _ in range(random.randint(1, 3)):
        at = random.randint(0, len(word))
        what = random.choice(["insert", "drop", "change", "case", "double"])
        if what == "insert":
            word.insert(at, random.choice([0, 9, 10 + 3, 32, 63, 255]))
        elif what == "drop":
            del word[at:at + 1]
        elif what == "change":
            word[at:at + 1] = bytes([random.randrange(256)])
        elif what == "case":
            word[:] = word.swapcase()
        else:
            word.extend(bytes(word))
    return bytes(word)


def line():
    if random.random() < 0.5:
        return distorted()
    if random.random() < 0.01:
        return random.randbytes(random.randint(1000, 20000))
    return random.randbytes(random.randint(0, 24))


sent = wrong = 0
while sent < int(lines):
    batch = [text.replace(b"\n", b"") for text in (line() for _ in range(200))]
    batch = [text for text in batch if text not in COMMANDS]
    tls.sendall(b"".join(text + b"\n" for text in batch))
    for text in batch:
        if answers.readline() != b"ERR unknown command\n":
            print("not refused:", text)
            wrong += 1
    sent += len(batch)

lit = False
for command in COMMANDS:
    text = command + b"\n"
    cuts = [[text[:at], text[at:]] for at in range(1, len(text))]
    cuts.append([bytes([byte]) for byte in text])
    for pieces in cuts:
        for piece in pieces:
            tls.sendall(piece)
        lit = {b"LED ON": True, b"LED OFF": False,
               b"LED TOGGLE": not lit}.get(command, lit)
        answer = answers.readline()
        if answer != (b"OK on\n" if lit else b"OK off\n"):
            print("misunderstood:", pieces, answer)
            wrong += 1
tls.sendall(b"LED OFF\n" + b"LED ON\n" * 2 + b"LED TOGGLE\nLED?\n")
for want in b"OK off", b"OK on", b"OK on", b"OK off", b"OK off":
    wrong += answers.readline() != want + b"\n"
tls.sendall(b"LED ON")                  # and the line never ends
tls.unwrap().close()
print(sent, "lines,", wrong, "wrong, seed", seed)
sys.exit(wrong > 0)
