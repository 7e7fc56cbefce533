import { expect, test } from 'vitest'
import { findSent } from '../../../lib/flows/send/find-sent.js'
import { newId } from '../../../lib/model/ids.js'
import type { Receiver, ReceiveSession } from '../../../lib/ports/receiver.js'
import { accessBy } from '../../support/access-by.js'
import { sampleMailbox } from '../../support/sample-mailbox.js'
import { broken } from '../../support/scripted-mailbox.js'

const imap = { host: 'imap.example.com', port: 993, tls: 'implicit', folder: 'INBOX' } as const
const mailbox = sampleMailbox({
  receive: { transport: 'imap', connectionId: newId(), imap, after: { action: 'leave' } },
})

/** Sessions closed so far beside the look-up itself. */
function looking(answer: () => Promise<boolean>, isConnected = true) {
  let closed = 0
  const session = {
    findSent: answer,
    async close() {
      closed++
    },
  } as unknown as ReceiveSession
  const receiver: Receiver = { open: async () => session }
  const access = isConnected ? accessBy({ kind: 'anonymous' }) : async () => undefined
  return { closed: () => closed, find: findSent({ access }, { imap: receiver, graph: receiver }) }
}

test('REL-03: a look-up ends its session, whatever it found', async () => {
  for (const found of [true, false]) {
    const at = looking(async () => found)
    expect(await at.find('acme', mailbox, '<1@x>')).toBe(found)
    expect(at.closed()).toBe(1)
  }
  const failing = looking(() => Promise.reject(broken('imap_no', 'transient')))
  await expect(failing.find('acme', mailbox, '<1@x>')).rejects.toMatchObject({ code: 'imap_no' })
  expect(failing.closed()).toBe(1)
})

test('REL-03: a mailbox that nobody may look into now is no mailbox without a Sent folder', async () => {
  const { find } = looking(async () => true, false)
  await expect(find('acme', mailbox, '<1@x>')).rejects.toMatchObject({ code: expect.stringMatching(/connect/) })
  // The control: one that is never read has no answer at all.
  expect(await find('acme', sampleMailbox(), '<1@x>')).toBeUndefined()
})
