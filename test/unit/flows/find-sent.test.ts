import { expect, test } from 'vitest'
import { findSent } from '../../../lib/flows/send/find-sent.js'
import { newId } from '../../../lib/model/ids.js'
import type { Receiver, ReceiveSession } from '../../../lib/ports/receiver.js'
import { connectAs } from '../../support/connect/connect-as.js'
import { sampleMailbox } from '../../support/general/sample-mailbox.js'
import { everyReceiver } from '../../support/general/toolbox.js'
import { broken } from '../../support/receive/scripted-mailbox.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const imap = { host: 'imap.example.com', port: 993, tls: 'implicit', folder: 'INBOX' } as const
const connectionId = newId()
const mailbox = sampleMailbox({
  receive: { transport: 'imap', connectionId, imap, after: { action: 'leave' } },
})

/** Sessions closed so far beside the look-up itself. */
async function looking(answer: () => Promise<boolean>, { isConnected = true } = {}) {
  let closed = 0
  const session = {
    findSent: answer,
    async close() {
      closed++
    },
  } as unknown as ReceiveSession
  const receiver: Receiver = { open: async () => session }
  const clock = { now: Date.now, sleep: async () => {} }
  const deps = await memoryStores(clock, { receivers: everyReceiver(receiver) })
  if (isConnected) await connectAs(deps, connectionId, { kind: 'anonymous' }, { tenant: mailbox.tenant })
  return { closed: () => closed, find: (where = mailbox) => findSent(deps, where, '<1@x>') }
}

test('REL-03: a look-up ends its session, whatever it found', async () => {
  for (const found of [true, false]) {
    const at = await looking(async () => found)
    expect(await at.find()).toBe(found)
    expect(at.closed()).toBe(1)
  }
  const failing = await looking(() => Promise.reject(broken('imap_no', 'transient')))
  await expect(failing.find()).rejects.toMatchObject({ code: 'imap_no' })
  expect(failing.closed()).toBe(1)
})

test('REL-03: a mailbox that nobody may look into now is no mailbox without a Sent folder', async () => {
  const { find } = await looking(async () => true, { isConnected: false })
  await expect(find()).rejects.toMatchObject({ code: expect.stringMatching(/connect/) })
  // The control: one that is never read has no answer at all.
  expect(await find(sampleMailbox())).toBeUndefined()
})
