/** Where a browser keeps unsent text between two lives of a tab: sealed records in IndexedDB, each held by the tab that wrote it. */

export interface Box {
  note: string;
  /** The client id under which the text was typed. */
  client: number;
  /** Milliseconds since 1970. */
  at: number;
  /** Of the editor that typed it; 0 where the server did not take it. */
  schema: number;
  iv: Uint8Array<ArrayBuffer>;
  sealed: ArrayBuffer;
}

/** Every call may fail, as storage does that is full or switched off. */
export interface Boxes {
  all(): Promise<Box[]>;
  count(): Promise<number>;
  put(box: Box): Promise<void>;
  drop(note: string, client: number): Promise<void>;
  clear(): Promise<void>;
  /** Whether a record is this caller's from now on, until it releases it or its tab goes away; false while anybody has it. */
  take(note: string, client: number): Promise<boolean>;
  release(note: string, client: number): void;
}

const NAME = "consilium-notes";
const STORE = "unsent";
/** What a slow computer does not find in time, this tab does not take over; but some private windows never answer, and the note waits. */
const ANSWER_MS = 5_000;
const ONCE_SILENT_MS = 2_000;
let patienceMs = ANSWER_MS;

const answered = <T>(begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      patienceMs = ONCE_SILENT_MS;
      reject(new Error("the storage does not answer"));
    }, patienceMs);
    begin((value) => {
      clearTimeout(timer);
      resolve(value);
    }, reject);
  });

const opened = (): Promise<IDBDatabase> =>
  answered((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: ["note", "client"] });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Resolves once it is on the disk. Opened anew each time: signing out in another tab deletes the whole database. */
const inStore = async <T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> => {
  const database = await opened();
  try {
    return await answered((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
};

const releases = new Map<string, () => void>();

const lockName = (note: string, client: number): string => `unsent ${note} ${client}`;

const take = (note: string, client: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const name = lockName(note, client);
    const holding = (lock: Lock | null): Promise<void> | undefined => {
      resolve(lock !== null);
      return lock ? new Promise((release) => releases.set(name, release)) : undefined;
    };
    navigator.locks.request(name, { ifAvailable: true }, holding).catch(reject);
  });

const release = (note: string, client: number): void => {
  const name = lockName(note, client);
  releases.get(name)?.();
  releases.delete(name);
};

/** The browser's own; null where it lacks a part of what this needs, as on a page without https. */
export const browserBoxes = (): Boxes | null => {
  if (!globalThis.indexedDB || !globalThis.crypto?.subtle || !navigator.locks) return null;
  return {
    all: () => inStore<Box[]>("readonly", (store) => store.getAll()),
    count: () => inStore("readonly", (store) => store.count()),
    put: async (box) => void (await inStore("readwrite", (store) => store.put(box))),
    drop: async (note, client) => void (await inStore("readwrite", (store) => store.delete([note, client]))),
    clear: async () => void (await inStore("readwrite", (store) => store.clear())),
    take,
    release,
  };
};
