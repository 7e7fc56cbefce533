import { QueueServiceClient } from '@azure/storage-queue'
import { afterEach, expect, inject, test } from 'vitest'
import { type QueueListener, startQueueListener } from '../../local/host/queue-listener.js'

const service = QueueServiceClient.fromConnectionString(inject('azurite'))
const settings = {
  batchSize: 4,
  newBatchThreshold: 2,
  maxDequeueCount: 2,
  visibilityTimeoutMs: 1_000,
  maxPollingIntervalMs: 200,
  messageEncoding: 'none',
} as const

let queueNumber = 0
let listener: QueueListener
const nextQueue = (suffix = '') => service.getQueueClient(`listener-${process.pid}-${++queueNumber}${suffix}`)
afterEach(() => listener.stop())

test('a message stays hidden for as long as its run lasts', async () => {
  const queue = nextQueue()
  let runs = 0
  let finish = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const run = () => {
    runs++
    return finished
  }
  listener = await startQueueListener({ queue, settings, run, log: () => {}, leaseSeconds: 2 })
  await queue.sendMessage('long')
  const { date: since } = await queue.getProperties()
  await expect.poll(() => runs).toBe(1)
  // Two leases long: without renewal the message would have come back by now.
  await expect
    .poll(async () => (await queue.getProperties()).date!.getTime() - since!.getTime(), {
      timeout: 30_000,
      interval: 100,
    })
    .toBeGreaterThan(4_500)
  finish()
  await expect.poll(async () => (await queue.getProperties()).approximateMessagesCount).toBe(0)
  expect(runs).toBe(1)
})

test('a failed message comes back after the visibility timeout', async () => {
  const queue = nextQueue()
  const runAt: number[] = []
  const run = async () => {
    runAt.push(performance.now())
    if (runAt.length === 1) throw new Error('first try')
  }
  listener = await startQueueListener({ queue, settings, run, log: () => {}, poisonQueue: nextQueue('-poison') })
  await queue.sendMessage('again')
  await expect.poll(() => runAt.length, { timeout: 30_000 }).toBe(2)
  expect(runAt[1]! - runAt[0]!).toBeGreaterThan(900)
  await expect.poll(async () => (await queue.getProperties()).approximateMessagesCount).toBe(0)
})

test('a message that was taken too often without a verdict is poison without another run', async () => {
  const queue = nextQueue()
  const poisonQueue = nextQueue('-poison')
  await queue.create()
  await queue.sendMessage('crasher')
  for (let taken = 0; taken < settings.maxDequeueCount; taken++) await takeAndVanish(queue)
  let runs = 0
  const run = async () => {
    runs++
  }
  listener = await startQueueListener({ queue, settings, run, log: () => {}, poisonQueue })
  await expect
    .poll(
      async () => (await poisonQueue.exists()) && (await poisonQueue.peekMessages()).peekedMessageItems[0]?.messageText,
    )
    .toBe('crasher')
  expect(runs).toBe(0)
})

test('a queue that is deleted while it is watched is created again', async () => {
  const queue = nextQueue()
  const got: string[] = []
  const lines: string[] = []
  const run = async (text: string) => got.push(text)
  listener = await startQueueListener({ queue, settings, run, log: (_level, message) => lines.push(message) })
  await queue.delete()
  await expect.poll(() => lines.length, { timeout: 30_000 }).toBeGreaterThan(0)
  await expect
    .poll(
      () =>
        queue.sendMessage('back').then(
          () => true,
          () => false,
        ),
      { timeout: 30_000 },
    )
    .toBe(true)
  await expect.poll(() => got, { timeout: 30_000 }).toEqual(['back'])
})

// What a process that dies in the middle of a run leaves behind, with the ten minutes cut short.
async function takeAndVanish(queue: ReturnType<typeof nextQueue>): Promise<void> {
  const { receivedMessageItems } = await queue.receiveMessages()
  const message = receivedMessageItems[0]!
  await queue.updateMessage(message.messageId, message.popReceipt, undefined, 0)
}
