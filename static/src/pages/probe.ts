/** Measures the way to the server: round trips, a small download, a websocket, and whether packets find a way. */
import { median } from "./grade.ts";

const TRIPS = 5;
const DOWNLOAD_TIMEOUT_MS = 8000;
const SOCKET_TIMEOUT_MS = 5000;
const GATHER_TIMEOUT_MS = 5000;

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

const ask = async (url: string, timeoutMs: number): Promise<ArrayBuffer> => {
  const response = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error("refused");
  return response.arrayBuffer();
};

/** The median round trip in ms; null when the server was not reached. */
export const roundTrip = async (url: string): Promise<number | null> => {
  const times: number[] = [];
  for (let trip = 0; trip < TRIPS; trip += 1) {
    const time = await timed(() => ask(url, SOCKET_TIMEOUT_MS)).catch(() => null);
    if (time !== null) times.push(time);
  }
  return median(times);
};

/** The speed of a download in kbit/s, the round trip taken off; 0 when it took too long, null when it failed at once. */
export const speed = async (url: string, rttMs: number): Promise<number | null> => {
  const began = performance.now();
  try {
    const { byteLength } = await ask(`${url}?size=full`, DOWNLOAD_TIMEOUT_MS);
    const took = Math.max(1, performance.now() - began - rttMs);
    return (byteLength * 8) / took;
  } catch (error) {
    return error instanceof DOMException && error.name === "TimeoutError" ? 0 : null;
  }
};

/** Whether a websocket opens: some offices let pages through, but no sockets. */
export const socketOpens = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url);
    const settle = (opened: boolean): void => {
      clearTimeout(timer);
      socket.close();
      resolve(opened);
    };
    const timer = setTimeout(() => settle(false), SOCKET_TIMEOUT_MS);
    socket.onopen = () => settle(true);
    socket.onerror = () => settle(false);
  });

/** Whether a relay or our own outside address is found; null when there is no server to ask. */
export const packetsPass = (servers: RTCIceServer[]): Promise<boolean | null> => {
  if (servers.length === 0) return Promise.resolve(null);
  return new Promise((resolve) => {
    const connection = new RTCPeerConnection({ iceServers: servers });
    const settle = (found: boolean): void => {
      clearTimeout(timer);
      connection.close();
      resolve(found);
    };
    const timer = setTimeout(() => settle(false), GATHER_TIMEOUT_MS);
    connection.onicecandidate = ({ candidate }) => {
      if (candidate === null) settle(false);
      else if (candidate.type === "relay" || candidate.type === "srflx") settle(true);
    };
    connection.createDataChannel("probe");
    void connection.setLocalDescription().catch(() => settle(false));
  });
};
