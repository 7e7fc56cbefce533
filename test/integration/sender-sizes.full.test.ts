/** Sizes just below and above every bound of a way that mail takes: the same arrives, or the mail is refused when it is submitted. */
import { randomBytes } from 'node:crypto'
import PostalMime from 'postal-mime'
import { afterEach, describe, expect, test } from 'vitest'
import { sendFlows } from '../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import { connectAs } from '../support/connect/connect-as.js'
import { graphSubject, type SenderSubject, smtpSubject } from '../support/contracts/sender-subjects.js'
import { failure } from '../support/general/failure.js'
import { everySender } from '../support/general/toolbox.js'
import { sendHarness } from '../support/send/send-harness.js'

const { acceptMail, drainLane, readMail } = sendFlows
const ben = 'ben@contoso.example'
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function flow(start: () => Promise<SenderSubject>) {
  const peer = await start()
  stops.push(peer.stop)
  const h = await sendHarness()
  const mailbox = { ...h.mailbox, address: peer.from, sendAs: [], send: peer.send(h.mailbox.id) }
  await h.stores.tables.upsert(h.deps.names.table('mailboxes'), toRow(mailbox))
  const deps = { ...h.deps, senders: everySender(peer.sender) }
  await connectAs(deps, h.mailbox.id, peer.authority, { identity: { issuer: '', subject: '', username: peer.from } })
  const accept = async (files: Buffer[]) => {
    const attachments = files.map((content, n) => ({
      ...{ filename: `f${n}.bin`, contentType: 'application/octet-stream', content: content.toString('base64') },
    }))
    const submission = parseMailSubmission({ to: [ben], subject: 'Sizes', text: 'See the files.', attachments })
    return (await acceptMail(deps, h.tenant, { submission })).mail
  }
  const sendAndRead = async (files: Buffer[]) => {
    const { id, bytes } = await accept(files)
    await drainLane(deps, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
    expect(await readMail(deps, h.tenant, id)).toMatchObject({ state: 'sent' })
    const { attachments } = await PostalMime.parse(new Uint8Array(peer.inbox(ben).at(-1)!))
    const arrived = attachments.toSorted((a, b) => `${a.filename}`.localeCompare(`${b.filename}`))
    const isSame = (content: unknown, n: number) => Buffer.from(content as ArrayBuffer).equals(files[n]!)
    expect(arrived.map(({ content }, n) => isSame(content, n))).toEqual(files.map(() => true))
    return bytes
  }
  return { h, accept, sendAndRead }
}

const around = (bytes: number): number[] => [bytes - 1, bytes, bytes + 1]
const piece = 10 * 320 * 1024
// A file of so many bytes makes a mail of 2,200,000: in base64, with a line end each 76 letters, and some 700 bytes of headers.
const wholeMime = Math.floor((2_200_000 - 700) / 78) * 57

describe('field 14: sizes around each bound of Microsoft Graph arrive as they are', () => {
  test.each([
    ['one request for the draft', [wholeMime - 570, wholeMime, wholeMime + 570]],
    ['a file in one request', around(2_900_000)],
    ['3 MiB, where Microsoft asks for an upload session', around(3 * 1024 * 1024)],
    ['one piece of an upload', around(piece)],
    ['two pieces', around(2 * piece)],
    ['4 MiB, the most of one request', around(4 * 1024 * 1024)],
  ])(
    '%s',
    async (_, sizes) => {
      const at = await flow(graphSubject)
      for (const size of sizes) await at.sendAndRead([randomBytes(size)])
      // Several files, of which some stay in the draft and some are uploaded.
      await at.sendAndRead(sizes.map((size) => randomBytes(size)))
    },
    120_000,
  )
})

describe('M-036: the most that a mail may have', () => {
  test.each([
    ['SMTP', () => smtpSubject('password')],
    ['Graph', graphSubject],
  ] as const)(
    'by %s: just below it arrives, just above it is refused at once, naming the limit',
    async (_, start) => {
      const at = await flow(start)
      const most = at.h.deps.config.maxMailBytes
      const below = Math.floor((most - 2_000) / 78) * 57
      const bytes = await at.sendAndRead([randomBytes(below)])
      expect(most - bytes).toBeGreaterThanOrEqual(0)
      expect(most - bytes).toBeLessThan(2_000)
      const error = await failure(at.accept([randomBytes(below + 57 * 26)]))
      expect(error).toMatchObject({ class: 'permanent', status: 413, remedy: expect.stringMatching(/\S/) })
    },
    120_000,
  )
})
