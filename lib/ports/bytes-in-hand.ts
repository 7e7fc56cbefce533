/**
 * One byte budget for all mail in this process's memory (H10): fetched, sent, parsed. Other limits apply to one mail or
 * one mailbox; in parallel, large mails within all limits took nearly the whole memory of an instance. Work that finds
 * no room waits its turn and does not fail immediately.
 */
import { totalmem } from 'node:os'
import { GatewayError } from '../errors.js'

/** So many are read without asking for room in memory, and never wait behind a large mail. */
export const fewBytes = 1024 * 1024

export interface BytesInHand {
  /**
   * Room for so many bytes as soon as it is there; call the result to give it back. Up to `fewBytes` at once, more than
   * the whole budget alone. `undefined`: none within `waitMs`, by the process's own time.
   */
  take(bytes: number, waitMs: number): Promise<(() => void) | undefined>
  /** Somebody waits. */
  isAwaited(): boolean
}

const mebibyte = 1024 * 1024
/** A mail of 25 MB is in memory about four times at its peak: as it arrives, whole, encoded, and for the next hop. */
const shareOfMemory = 1 / 16
const least = 32 * mebibyte
const most = 96 * mebibyte

/** By the memory this process may use: that of its container where there is one. */
export function budgetOfMemory(memory = Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)) {
  return Math.min(Math.max(memory * shareOfMemory, least), most)
}

export function bytesInHand(budget = budgetOfMemory()): BytesInHand {
  let held = 0
  const waiting: { bytes: number; enter: () => void }[] = []

  const letIn = (): void => {
    for (let next = waiting[0]; next !== undefined && fits(next.bytes); next = waiting[0]) {
      waiting.shift()
      held += next.bytes
      next.enter()
    }
  }
  const fits = (bytes: number): boolean => bytes <= fewBytes || held === 0 || held + bytes <= budget
  const giveBack = (bytes: number) => {
    let isGiven = false
    return (): void => {
      if (isGiven) return
      isGiven = true
      held -= bytes
      letIn()
    }
  }

  return {
    isAwaited: () => waiting.length > 0,
    take: (bytes, waitMs) =>
      new Promise((resolve) => {
        const enter = (): void => {
          clearTimeout(timer)
          resolve(giveBack(bytes))
        }
        const one = { bytes, enter }
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(one), 1)
          resolve(undefined)
          // Whoever stood behind a large one may fit.
          letIn()
        }, waitMs)
        if (bytes <= fewBytes) waiting.unshift(one)
        else waiting.push(one)
        letIn()
      }),
  }
}

export const noRoomCode = 'memory_in_use'

/** Nobody is at fault and nothing is lost: the work waits for the next round. */
export const noRoom = (): GatewayError =>
  new GatewayError(noRoomCode, 'transient', {
    status: 503,
    retryAfterMs: 5_000,
    hint: 'busy',
    description: 'This instance holds as much mail in memory as it may.',
    remedy: 'Nothing to do: the gateway continues in a moment.',
  })
