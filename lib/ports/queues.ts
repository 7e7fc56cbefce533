/**
 * Storage queues: JSON messages, written base64 with TTL -1 unless said. Errors: GatewayError `storage_unavailable` or
 * `storage_forbidden`.
 */
export interface Queues {
  /**
   * Bytes as `message` are JSON already and go as they are. `delayMs` at most 120,000 (waiting belongs in rows).
   * `ttlSeconds` default never.
   */
  send(queue: string, message: unknown, options?: { delayMs?: number; ttlSeconds?: number }): Promise<void>
  ensure(queue: string): Promise<void>
  remove(queue: string): Promise<void>
  /** About how many messages wait, hidden ones included; `undefined` when there is no such queue. */
  depth(queue: string): Promise<number | undefined>
}
