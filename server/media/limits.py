"""The bounds of the forwarding engine, each with what happens at it."""

SLOT_BITS = 11
SLOT = 1 << SLOT_BITS  # bytes that one packet has in a batch; a datagram that fills it was cut off, and is dropped

LARGEST_PACKET = 1_500  # bytes of a datagram; longer ones are dropped and counted: a browser stays under 1,200
LARGEST_CLEAR = 1_356  # bytes of a packet before it is sealed; longer ones are counted and not sent (pylibsrtp's sessions take no more)

READ_BATCH = 64  # datagrams that one system call reads
READ_TURNS = 4  # batches before the loop has its turn; what is left waits in the kernel
CATCH_UP_TURNS = 16  # of those at once, after the loop was held up; more than the kernel keeps for us on most machines
SEND_SLOTS = 256  # packets that are collected before they are sent

MOST_CUTS, MOST_CUT_BYTES = 64, 65_000  # of one message that the kernel cuts into datagrams; what goes beyond is another message
MOST_SEALING = 32  # bytes by which SRTP lengthens a packet

PIECE_S = 0.01  # between two pieces of what is not sent all at once

SOCKET_BUFFER = 4 << 20  # bytes asked of the kernel each way, which gives what it may; what it cannot hold is lost

PACKETS_S = 2_000  # of one browser; a camera in three layers, a screen and sound are under 1,000. What goes beyond is dropped unopened
AHEAD_S = 2.0  # for so long one may be faster, or send at once what a network has held back

ASKED_S = 1_000  # packets that one browser may ask for again; 3,000 a second of which 15 % are lost are half of it. More is not read
ASKED_AHEAD_S = 1.024  # for so long it may ask faster, after a moment without a network: two requests as long as they may be
TOLD_S = 6_000  # packets of which it may tell: twice what eight others with cameras, screens and sound send it. More is not read
TOLD_LEAST = 16  # of these a report is counted as, however little it tells: an honest browser sends some twenty a second

SOURCES = 64  # SSRCs of one browser, which libsrtp keeps and walks through for each packet; who has more is let go of

ADDRESSES = 16  # addresses of one browser that have passed a check; the oldest that is not in use is forgotten
CONSENT_S = 30.0  # without a valid check for so long a browser is gone (RFC 7675)
SWEEP_S = 1.0  # between two looks for such browsers

HANDSHAKES = 5  # at once: each takes the loop for some milliseconds, and media waits for it
HANDSHAKES_WAITING = 256  # behind those, in order; who comes later is refused as "overloaded"
HANDSHAKE_S = 10.0  # for one handshake, once it has its turn; then the browser is gone
FLIGHTS = 32  # datagrams of DTLS that wait to be read; later ones are dropped, and DTLS sends them again
