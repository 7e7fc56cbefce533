/** Delivers bytes like a slow and steady line, until nobody reads them any more. */
export async function atPace(
  bytes: Buffer,
  bytesPerSecond: number,
  peer: { write(part: Buffer): void; isOver(): boolean },
): Promise<void> {
  const everyMs = Math.max(20, 1_000 / bytesPerSecond)
  const started = performance.now()
  for (let sent = 0; sent < bytes.length && !peer.isOver(); ) {
    // By the clock: timers that come late on a busy machine make no slower line.
    const due = Math.max(sent + 1, Math.floor(((performance.now() - started) / 1_000) * bytesPerSecond))
    peer.write(bytes.subarray(sent, due))
    sent = due
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
