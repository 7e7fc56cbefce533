import { expect, test } from 'vitest'
import { storeMail } from '../../../lib/flows/receive/store-mail.js'
import type { GatewayEvent } from '../../../lib/model/event.js'
import type { Blobs } from '../../../lib/ports/blobs.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { pollWorld } from '../../support/receive/poll-world.js'

test('M-110: a worker whose lease was lost stores a mail that another one stores now: one row, told under one id, neither fails', async () => {
  const { deps, mailbox, tenant } = await pollWorld()
  const raw = Buffer.from('From: a@example.com\r\nMessage-ID: <1@example.com>\r\n\r\nbody\r\n')
  const mail = { serverId: '1.1', receivedAt: Date.now(), size: raw.length, raw: async () => raw }
  let other: Promise<string> | undefined
  const put: Blobs['put'] = async (...input) => {
    const isNew = await deps.blobs.put(...input)
    other ??= storeMail(deps, mailbox, { mail, maxBytes: 1_000_000 })
    await other
    return isNew
  }
  const late = { ...deps, blobs: { ...deps.blobs, get: deps.blobs.get, put } }
  expect(await storeMail(late, mailbox, { mail, maxBytes: 1_000_000 })).toBe('known')
  expect(await other).toBe('handed-over')
  const events = (deps.queues as MemoryQueues).take(deps.names.eventsQueue(tenant)) as GatewayEvent[]
  expect(events.map(({ type }) => type)).toEqual(['mail.received'])
})
