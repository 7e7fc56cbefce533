/** The local Functions host: queues, timers, start and stop, as on Azure. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  app,
  call,
  folder,
  host,
  jobs,
  noted,
  prefix,
  queueIsEmpty,
  queues,
  start,
  untilNoted,
  useHostApp,
} from '../support/package/host-app.js'

useHostApp()

const copies = queues.getQueueClient(`${prefix}-copies`)
const poison = queues.getQueueClient(`${prefix}-jobs-poison`)
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')
const shut = (name: string): (() => void) => {
  let open = () => {}
  app.gates.set(name, new Promise((resolve) => (open = resolve)))
  return open
}

describe('queues', () => {
  test('an output message triggers the function at once, parsed, with its metadata', async () => {
    await call('/v1/enqueue', { method: 'POST', body: '{"id":7}' })
    const [entry] = (await untilNoted('work')) as { metadata: Record<string, unknown> }[]
    expect(entry).toMatchObject({ job: { id: 7 }, metadata: { dequeueCount: 1, queueTrigger: { id: 7 } } })
    const { id, popReceipt, insertionTime, expirationTime, nextVisibleTime } = entry!.metadata
    expect([typeof id, typeof popReceipt]).toEqual(['string', 'string'])
    for (const time of [insertionTime, expirationTime, nextVisibleTime])
      expect(Date.parse(String(time))).toBeGreaterThan(0)
    await expect.poll(queueIsEmpty).toBe(true)
  })

  test('arrays become several messages, returned ones too', async () => {
    await call('/v1/enqueue', { method: 'POST', body: '[{"n":1,"copy":true},"two"]' })
    const done = (await untilNoted('work', 2)) as { job: unknown }[]
    expect(done.map(({ job }) => job)).toEqual(expect.arrayContaining([{ n: 1, copy: true }, 'two']))
    await expect
      .poll(async () =>
        (await copies.peekMessages({ numberOfMessages: 32 })).peekedMessageItems
          .map(({ messageText }) => Buffer.from(messageText, 'base64').toString())
          .sort(),
      )
      .toEqual(['text', '{\n  "nested": true\n}'])
    await copies.clearMessages()
  })

  test('a message that keeps failing goes to the poison queue after the last try', async () => {
    await jobs.sendMessage(base64({ fail: true }))
    host.wake(jobs.name)
    const tries = (await untilNoted('work', 3)) as { metadata: { dequeueCount: number } }[]
    expect(tries.map(({ metadata }) => metadata.dequeueCount)).toEqual([1, 2, 3])
    await expect.poll(queueIsEmpty).toBe(true)
    const { receivedMessageItems } = await poison.receiveMessages()
    expect(receivedMessageItems.map(({ messageText }) => messageText)).toEqual([base64({ fail: true })])
    await poison.clearMessages()
  })

  test('a message in the wrong encoding is poison at once', async () => {
    await jobs.sendMessage('{not base64}')
    host.wake(jobs.name)
    await expect
      .poll(async () => (await poison.receiveMessages()).receivedMessageItems[0]?.messageText)
      .toBe('{not base64}')
    expect(noted('work')).toEqual([])
  })

  test('no more than batchSize + newBatchThreshold run at once', async () => {
    // All of them lie there before the first look, so that each look takes a whole batch.
    await host.stop()
    app.seen.length = 0
    const open = shut('busy')
    for (let index = 0; index < 6; index++) await jobs.sendMessage(base64({ wait: 'busy' }))
    await start({ AzureFunctionsJobHost__extensions__queues__newBatchThreshold: '2' })
    await untilNoted('work', 4)
    open()
    await untilNoted('work', 6)
    await host.idle()
    expect(app.atOnce).toEqual({ now: 0, most: 4 })
    await expect.poll(queueIsEmpty).toBe(true)
  })
})

describe('timers', () => {
  test('run now hands over the schedule status; a failing run is retried with its count', async () => {
    await host.runTimer('tick')
    expect(noted('tick')).toMatchObject([
      { isPastDue: false, schedule: { adjustForDST: true }, scheduleStatus: { next: expect.any(String) } },
    ])
    await expect(host.runTimer('flaky')).rejects.toThrow('still broken')
    expect(noted('flaky')).toEqual([
      { retryCount: 0, maxRetryCount: 2 },
      { retryCount: 1, maxRetryCount: 2, exception: { message: 'Error: still broken' } },
      { retryCount: 2, maxRetryCount: 2, exception: { message: 'Error: still broken' } },
    ])
    await expect(host.runTimer('absent')).rejects.toThrow('no timer named "absent"')
  })
})

describe('start and stop', () => {
  test('a second host in the same process is refused while the first one runs', async () => {
    await expect(start()).rejects.toThrow('already runs in this process')
  })

  test('host 9: what still runs when the grace is over is left behind', async () => {
    const open = shut('slow')
    const slow = call('/v1/slow').catch(() => 'cut')
    await untilNoted('slow')
    await host.stop(50)
    expect(await slow).toBe('cut')
    open()
    await start()
    app.seen.length = 0
  })

  test('stop finishes what runs, takes nothing new, and the app can be started again', async () => {
    const open = shut('slow')
    const openJob = shut('job')
    const slow = call('/v1/slow')
    await untilNoted('slow')
    await jobs.sendMessage(base64({ wait: 'job' }))
    host.wake(jobs.name)
    await untilNoted('work')
    const stopping = host.stop()
    await jobs.sendMessage(base64({ late: true }))
    expect((await call('/v1/nothing').catch(() => ({ status: 503 }))).status).toBe(503)
    open()
    openJob()
    expect(await (await slow).text()).toBe('done')
    await stopping
    expect(noted('work')).toHaveLength(1)
    expect(noted('appTerminate')).toEqual([true])
    expect(
      (await jobs.peekMessages({ numberOfMessages: 32 })).peekedMessageItems.map(({ messageText }) => messageText),
    ).toEqual([base64({ late: true })])
    await expect(call('/v1/nothing')).rejects.toThrow()

    await start()
    await untilNoted('work', 2)
    expect(noted('appStart')).toEqual([true])
  })

  test('a run missed while the host was down is made up for once, as past due', async () => {
    await host.stop()
    const file = join(folder, 'timers.json')
    const day = 86_400_000
    const last = Math.floor(Date.now() / day) * day + 3 * 3_600_000 - 3 * day
    const statuses = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
    await writeFile(file, JSON.stringify({ ...statuses, tick: { last, next: last + day, lastUpdated: last } }))
    await start()
    expect(await untilNoted('tick')).toMatchObject([{ isPastDue: true }])
    await host.stop()
    await start()
    expect(noted('tick')).toHaveLength(1)
  })

  test('a schedule that is due runs, again and again', async () => {
    await host.stop()
    await start({ TICK: '* * * * * *' })
    const ticks = (await untilNoted('tick', 2)) as { isPastDue: boolean; scheduleStatus: unknown }[]
    expect(ticks.every(({ isPastDue }) => !isPastDue)).toBe(true)
  })

  test('wrong settings are refused at start with their reason', async () => {
    await host.stop()
    await expect(start({ TICK: '0 0 0 31 2 *' })).rejects.toThrow('never occurs')
    await expect(start({ MailStorage: '' })).rejects.toThrow('connection "MailStorage"')
    await start()
  })
})
