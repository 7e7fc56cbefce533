/**
 * Reads messages from one queue and passes them to one function.
 *
 * A message is hidden for ten minutes, longer as long as its run lasts. A run that succeeds deletes it; one that fails
 * makes it visible again after the visibility timeout; after the last allowed try it is copied to `<queue>-poison`. The
 * listener polls the queue immediately after work, then at growing intervals, and immediately when somebody calls
 * `wake`.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue'
import type { QueueSettings } from './host-settings.js'
import { decodeMessage, ensureQueue } from './queue-binding.js'

export interface QueueListenerOptions {
  queue: QueueClient
  /** Where messages go after their last try. Absent: they stay in the queue, as for queues named `…-poison`. */
  poisonQueue?: QueueClient
  settings: QueueSettings
  /** Runs the function with the decoded text; a rejection is a failed try. */
  run(text: string, message: DequeuedMessageItem): Promise<unknown>
  log(level: string, message: string): void
  /** How long a taken message stays hidden before it must be renewed, in seconds. Default 600. */
  leaseSeconds?: number
}

export interface QueueListener {
  /** Polls at once. */
  wake(): void
  /** Polls soon: somebody may have written to the queue. Many calls in a row cost little. */
  nudge(): void
  /** Takes no further message. Resolves when no poll is under way and every taken message is settled. */
  stop(): Promise<void>
}

const shortestPollMs = 20
const nudgedPollMs = 100
const storageFaultPollMs = 1_000

/** Creates the queue when absent and starts polling it. */
export async function startQueueListener(options: QueueListenerOptions): Promise<QueueListener> {
  const { queue, settings } = options
  await ensureQueue(queue)
  const running = new Set<Promise<void>>()
  let stopped = false
  let pollMs = shortestPollMs
  let poke: 'none' | 'nudge' | 'wake' = 'none'
  let rouse = () => {}

  const pokeWith = (how: 'nudge' | 'wake') => {
    if (poke !== 'wake') poke = how
    rouse()
  }

  /** Fetches one batch and starts its runs. Answers how many messages there were. */
  const take = async (): Promise<number> => {
    const received = await queue.receiveMessages({
      numberOfMessages: settings.batchSize,
      visibilityTimeout: options.leaseSeconds ?? 600,
    })
    const messages = received.receivedMessageItems
    if (stopped) {
      const putBack = messages.map((item) => queue.updateMessage(item.messageId, item.popReceipt, undefined, 0))
      await Promise.allSettled(putBack)
      return 0
    }
    for (const message of messages) {
      const work = processMessage(options, message).finally(() => running.delete(work))
      running.add(work)
    }
    return messages.length
  }

  /** Sleeps until the next poll is due, or shorter when poked. */
  const rest = async (ms: number): Promise<void> => {
    const start = performance.now()
    while (!stopped) {
      const wantedMs = poke === 'none' ? ms : poke === 'nudge' ? Math.min(shortestPollMs, ms) : 0
      const leftMs = start + wantedMs - performance.now()
      if (leftMs <= 0) return
      const roused = new AbortController()
      rouse = () => roused.abort()
      await delay(leftMs, undefined, { signal: roused.signal }).catch(() => {})
    }
  }

  const loop = async (): Promise<void> => {
    while (!stopped) {
      if (running.size > settings.newBatchThreshold) {
        await Promise.race(running)
        continue
      }
      if (poke !== 'none') pollMs = poke === 'wake' ? shortestPollMs : Math.min(pollMs, nudgedPollMs)
      poke = 'none'
      try {
        if ((await take()) > 0) {
          pollMs = shortestPollMs
          continue
        }
        await rest(pollMs)
        pollMs = Math.min(pollMs * 2, settings.maxPollingIntervalMs)
      } catch (error) {
        options.log('warning', `queue ${queue.name} cannot be read: ${(error as Error).message}`)
        if ((error as { statusCode?: number }).statusCode === 404) await ensureQueue(queue).catch(() => {})
        await rest(storageFaultPollMs)
      }
    }
  }

  const done = loop()
  return {
    wake: () => pokeWith('wake'),
    nudge: () => pokeWith('nudge'),
    stop: () => {
      stopped = true
      rouse()
      return done.then(async () => void (await Promise.allSettled(running)))
    },
  }
}

async function processMessage(options: QueueListenerOptions, message: DequeuedMessageItem): Promise<void> {
  const { queue, settings, log } = options
  const lease = holdLease(options, message)
  try {
    const text = decodeMessage(message.messageText, settings.messageEncoding)
    if (text === undefined) {
      log('error', `message ${message.messageId} of ${queue.name} is not ${settings.messageEncoding}`)
      return await giveUp(options, message, await lease.release())
    }
    // More tries than allowed without a verdict: earlier runs took the whole process down.
    if (message.dequeueCount > settings.maxDequeueCount) return await giveUp(options, message, await lease.release())
    const succeeded = await options.run(text, message).then(
      () => true,
      () => false,
    )
    const popReceipt = await lease.release()
    if (succeeded) await queue.deleteMessage(message.messageId, popReceipt)
    else if (message.dequeueCount >= settings.maxDequeueCount) await giveUp(options, message, popReceipt)
    else await makeVisibleAgain(options, message, popReceipt)
  } catch (error) {
    await lease.release()
    log('warning', `message ${message.messageId} of ${queue.name} could not be settled: ${(error as Error).message}`)
  }
}

async function makeVisibleAgain(options: QueueListenerOptions, message: DequeuedMessageItem, popReceipt: string) {
  const seconds = Math.ceil(options.settings.visibilityTimeoutMs / 1000)
  await options.queue.updateMessage(message.messageId, popReceipt, undefined, seconds)
}

async function giveUp(options: QueueListenerOptions, message: DequeuedMessageItem, popReceipt: string): Promise<void> {
  const { queue, poisonQueue, log } = options
  if (!poisonQueue) return
  log('warning', `message ${message.messageId} failed ${message.dequeueCount} times, moving it to ${poisonQueue.name}`)
  await ensureQueue(poisonQueue)
  await poisonQueue.sendMessage(message.messageText)
  await queue.deleteMessage(message.messageId, popReceipt)
}

/** Renews the lease at half time until released; `release` answers the receipt that is valid then. */
function holdLease(options: QueueListenerOptions, message: DequeuedMessageItem): { release(): Promise<string> } {
  const leaseSeconds = options.leaseSeconds ?? 600
  let popReceipt = message.popReceipt
  let renewal = Promise.resolve()
  const renew = async () => {
    try {
      const renewed = await options.queue.updateMessage(message.messageId, popReceipt, undefined, leaseSeconds)
      popReceipt = renewed.popReceipt ?? popReceipt
    } catch (error) {
      options.log('warning', `lease of message ${message.messageId} was not renewed: ${(error as Error).message}`)
    }
  }
  const timer = setInterval(() => {
    renewal = renewal.then(renew)
  }, leaseSeconds * 500)
  return {
    release: async () => {
      clearInterval(timer)
      await renewal
      return popReceipt
    },
  }
}
