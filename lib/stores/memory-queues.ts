import type { Queues } from '../ports/queues.js'
import { checkDelay, encodeMessage } from './message-rules.js'

export interface MemoryQueues extends Queues {
  /** Takes and removes every visible message of a queue, oldest first. */
  take<T = unknown>(queue: string): T[]
}

/** Queues of one process, with the limits of the real ones. */
export function memoryQueues(options: { now?: () => number } = {}): MemoryQueues {
  const now = options.now ?? Date.now
  const queues = new Map<string, { text: string; visibleAt: number; expiresAt: number }[]>()
  const messagesOf = (queue: string) => {
    const messages = queues.get(queue) ?? []
    queues.set(queue, messages)
    return messages
  }
  return {
    async send(queue, message, { delayMs = 0, ttlSeconds = -1 } = {}) {
      const text = encodeMessage(message)
      checkDelay(delayMs)
      const expiresAt = ttlSeconds === -1 ? Number.POSITIVE_INFINITY : now() + ttlSeconds * 1000
      messagesOf(queue).push({ text, visibleAt: now() + delayMs, expiresAt })
    },
    async ensure(queue) {
      messagesOf(queue)
    },
    async remove(queue) {
      queues.delete(queue)
    },
    async depth(queue) {
      return queues.get(queue)?.filter((message) => message.expiresAt > now()).length
    },
    take<T>(queue: string) {
      const messages = messagesOf(queue)
      queues.set(
        queue,
        messages.filter((message) => message.visibleAt > now()),
      )
      return messages
        .filter((message) => message.visibleAt <= now() && message.expiresAt > now())
        .map(({ text }) => JSON.parse(text.startsWith('{') ? text : Buffer.from(text, 'base64').toString()) as T)
    },
  }
}
