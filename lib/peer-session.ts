/**
 * What a peer's bytes set in motion belongs to one session with it. A fault that nothing caught, say of a parser that
 * met an answer nobody foresaw, ends this session and not the process of all tenants: everything that runs because of
 * the session's socket carries the session, and the last net (`lib/last-net.ts`) asks for it.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

type End = (fault: unknown) => void

const sessions = new AsyncLocalStorage<End>()

/** Runs `open`, which makes the socket; `end` is called with each uncaught fault that arises from it. */
export const inPeerSession = <T>(end: End, open: () => T): T => sessions.run(end, open)

/** Ends the session from which the current, uncaught fault arose. False when it arose in none. */
export function endPeerSession(fault: unknown): boolean {
  const end = sessions.getStore()
  end?.(fault)
  return end !== undefined
}
