/** `WebSocket.OPEN`, which the tests' runtime need not have. */
const OPEN = 1;

/** Whether a WebSocket can carry anything. One that ended while its browser slept first hands out what came before, and then says so. */
export const carries = <S extends { readonly readyState: number }>(socket: S | null): socket is S =>
  socket?.readyState === OPEN;
