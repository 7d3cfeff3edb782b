"""Every bound of the live note, and what happens when it is reached (docs/WIRE.md, section 3)."""

SCHEMA_VERSION = 1  # of the editor's nodes and marks; raise it one release before a new node may be written
SECTIONS = ("subjective", "objective", "assessment", "plan")
BLOCKS = ("paragraph", "bulletList")  # what may stand in a section
TEXT = "#text"  # what the letters of a paragraph stand in
NODES = {"paragraph": (TEXT,), "bulletList": ("listItem",), "listItem": BLOCKS}  # and what in each node
MARKS = ("bold", "italic")
MAX_NESTING = 32  # lists in lists; what is nested deeper is read as paragraphs of the deepest item

HELLO_WITHIN_S = 10.0  # then closed 4400
MAX_HELLO = 4 * 1024  # closed 4400
MAX_UPDATE = 256 * 1024  # one edit; closed 4413
MAX_STEP2 = 1024 * 1024  # everything typed offline; closed 4413
MAX_STATE_VECTOR = 4 * 1024  # closed 4413
MAX_AWARENESS = 4 * 1024  # closed 4413
MAX_PARTS = 20_000  # structs, deletions and members of attributes' values in one update; closed 4400
MAX_RUN = 1 << 20  # length of one struct; closed 4400
MAX_ORDER_STEPS = 20_000  # stretches of text that one update may be compared with to find where its pieces stand; then refused with 'order'
MAX_LAYOUT_STEPS = 2_000_000  # the same for a whole document, before its first update; then every update is refused so
MAX_CLIENT_ID = 1 << 32
MAX_CLOCK = 1 << 31

FRAMES_PER_S, FRAMES_BURST = 60.0, 200.0  # closed 4429
BYTES_PER_S, BYTES_BURST = 4096.0, 2.0 * 1024 * 1024  # of text; closed 4429
STEP1_PER_S, STEP1_BURST = 1.0, 10.0  # each costs a pass over the document; closed 4429
AWARENESS_PER_S, AWARENESS_BURST = 10.0, 20.0  # more is dropped: the next one tells the same again

MAX_UPDATES = 100_000  # of one note; then writes are refused with 'full'
MAX_NOTE_BYTES = 2 * 1024 * 1024  # of one note's document; the same
MAX_CONNECTIONS = 20  # of one note; closed 1013
MAX_CONNECTIONS_PERSON = 5  # of one person in one note; closed 1013
MAX_BACKLOG = 1024 * 1024  # bytes that a slow reader has not taken; closed 1013
MAX_QUEUED = 1024  # the same, in messages, where the transport cannot be asked

GROUP_S = 0.010  # shortest time between the starts of two commits
BUSY_ROWS = 20  # whose commit has so many rows, starts the next one later: fewer turns of the disk and fewer writes to each reader
BUSY_GROUP_S = 0.050  # namely after this
MAX_BATCH = 1000  # rows of one commit
LINGER_S = 60.0  # an open note stays in memory after the last reader left
RECHECK_S = 30.0  # rights are read again this often, whether or not anything changed
RECHECKED_AT_ONCE = 200  # connections whose rights one query reads
EPOCH_S = 1.0  # and this often it is asked whether something changed, for a hint may be lost
SETTLE_S = 5.0  # whoever wants to sign waits so long for what is on its way to the disk
CLOSE_WITHIN_S = 5.0  # a closing handshake may take this long
SNAPSHOT_EVERY = 500  # updates
