/** The Graph sender: drafts, large mails, and what it knows after a broken hand-over. */
import { randomBytes } from 'node:crypto'
import PostalMime from 'postal-mime'
import { expect, test } from 'vitest'
import type { Evidence, OutgoingMail } from '../../lib/ports/sender.js'
import { graphSender } from '../../lib/transports/graph-sender.js'
import type { FaultOrder } from '../../local/emulators/faults.js'
import type { GraphLie } from '../../local/emulators/graph/graph-lies.js'
import { failure } from '../support/general/failure.js'
import { processorMs } from '../support/general/processor-ms.js'
import {
  ana,
  ben,
  clock,
  inboxOf,
  receive,
  signal,
  useGraphMailboxes,
  world,
} from '../support/microsoft/graph-mailboxes.js'

useGraphMailboxes()

const toAna = { transport: 'graph', graph: { mailbox: 'me' } } as const

function aMail(over: Partial<OutgoingMail> = {}, body = 'Hello Ben.\r\n', from = ana): OutgoingMail {
  const head = [`From: Ana <${from}>`, `To: Ben <${ben}>`, 'Subject: Hi', 'Message-ID: <m1@gateway.example>']
  const raw = Buffer.from(`${[...head, 'MIME-Version: 1.0', 'Content-Type: text/plain'].join('\r\n')}\r\n\r\n${body}`)
  return { mailId: 'm1', messageId: '<m1@gateway.example>', from, recipients: [ben], raw, ...over }
}

async function send(mail: OutgoingMail, upn = ana, target: Parameters<typeof sender.open>[0] = toAna) {
  const evidence: Evidence[] = []
  const session = await sender.open(target, await world.authority(upn, target !== toAna), signal)
  const receipt = session.send(mail, async (one) => void evidence.push(one))
  return { receipt, evidence: () => evidence[0]! }
}
const sender = {
  open: (...input: Parameters<ReturnType<typeof graphSender>['open']>) =>
    graphSender({ origins: world.origins, timeoutMs: 30_000 }).open(...input),
  lookUp: async (evidence: Evidence, messageId = '<m1@gateway.example>') =>
    graphSender({ origins: world.origins }).lookUp!(toAna, await world.authority(ana), { messageId, evidence, signal }),
}
const draftsOf = (address: string) => {
  const mailbox = world.directory.mailbox(world.directory.user(address)!)
  return mailbox.in(mailbox.folder('drafts')!)
}

const withFile = (bytes: Buffer) =>
  aMail({
    raw: Buffer.from(
      `From: <${ana}>\r\nTo: <${ben}>\r\nMessage-ID: <m1@gateway.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n` +
        '--b\r\nContent-Type: text/plain\r\n\r\nHi\r\n--b\r\nContent-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="a.pdf"\r\n\r\n' +
        `${bytes.toString('base64').replace(/(.{76})/g, '$1\r\n')}\r\n--b--\r\n`,
    ),
  })
const file = randomBytes(7_000_000)
type Orders = { lies?: GraphLie[]; faults?: FaultOrder[] }

test('a mail leaves by draft, blind recipients get it unseen, and the journal hears of the draft before', async () => {
  const mail = aMail({ recipients: [ben, 'fay@fabrikam.example'] })
  const { receipt, evidence } = await send(mail)
  expect(await receipt).toMatchObject({ refused: [] })
  expect(inboxOf(ben)[0]!.raw.toString()).toContain('Hello Ben.')
  expect(inboxOf('fay@fabrikam.example')).toHaveLength(1)
  expect(inboxOf('fay@fabrikam.example')[0]!.raw.toString()).not.toMatch(/^bcc/im)
  expect(await sender.lookUp(evidence())).toBe('sent')
  expect(world.graph.control.requests.every((request) => request.prefer.includes('IdType="ImmutableId"'))).toBe(true)
})

test('a shared mailbox sends through its own path', async () => {
  const target = { transport: 'graph', graph: { mailbox: 'info@contoso.example' } } as const
  const { receipt } = await send(aMail({}, 'Shared.', 'info@contoso.example'), ana, target)
  await receipt
  expect(inboxOf(ben)[0]!.raw.toString()).toContain('info@contoso.example')
})

test('a mail too large for one request goes in parts, and arrives whole', async () => {
  const big = randomBytes(4_000_000)
  const small = randomBytes(50_000)
  const part = (name: string, bytes: Buffer, more = '') =>
    `--b\r\nContent-Type: application/octet-stream; name="${name}"\r\nContent-Transfer-Encoding: base64\r\n${more}\r\n` +
    `${bytes.toString('base64').replace(/(.{76})/g, '$1\r\n')}\r\n`
  const raw = Buffer.from(
    `From: <${ana}>\r\nTo: <${ben}>\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\nMessage-ID: <m1@gateway.example>\r\n` +
      'X-Ticket: 4711\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n' +
      '--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hi <img src="cid:logo"></p>\r\n' +
      part('big.bin', big, 'Content-Disposition: attachment; filename="big.bin"\r\n') +
      part('logo.png', small, 'Content-ID: <logo>\r\nContent-Disposition: inline; filename="logo.png"\r\n') +
      '--b--\r\n',
  )
  const { receipt } = await send(aMail({ raw, recipients: [ben, 'fay@fabrikam.example'] }))
  await receipt
  const email = await PostalMime.parse(inboxOf(ben)[0]!.raw as unknown as Uint8Array<ArrayBuffer>)
  expect(email).toMatchObject({ subject: 'Grüße', messageId: '<m1@gateway.example>' })
  expect(email.html).toContain('cid:logo')
  const byName = new Map(email.attachments.map((one) => [one.filename, one]))
  expect(Buffer.from(byName.get('big.bin')!.content as ArrayBuffer).equals(big)).toBe(true)
  expect(Buffer.from(byName.get('logo.png')!.content as ArrayBuffer).equals(small)).toBe(true)
  expect(byName.get('logo.png')!.contentId).toContain('logo')
  expect(inboxOf('fay@fabrikam.example')).toHaveLength(1)
}, 30_000)

test.each<[string, Orders]>([
  ['a piece that was not kept is asked for again', { lies: [{ lie: 'upload', how: 'back', from: 1, times: 1 }] }],
  ['the last piece likewise', { lies: [{ lie: 'upload', how: 'back', from: 6_000_000, times: 2 }] }],
  ['the session is forgotten in the middle', { lies: [{ lie: 'upload', how: 'forget', from: 1, times: 1 }] }],
  ['one piece is answered with 404', { faults: [{ kind: 'upload', status: 404, skip: 1 }] }],
  ['one piece is answered with 416', { faults: [{ kind: 'upload', status: 416, skip: 2 }] }],
  ['the last piece is answered with 200', { lies: [{ lie: 'upload', how: 'last-200' }] }],
])(
  'field 14: an upload in pieces: %s: the file arrives whole',
  async (_, { lies = [], faults = [] }) => {
    for (const lie of lies) world.graph.control.lie(lie)
    for (const fault of faults) world.graph.control.fail(fault)
    await (await send(withFile(file))).receipt
    const { attachments } = await PostalMime.parse(inboxOf(ben)[0]!.raw as unknown as Uint8Array<ArrayBuffer>)
    expect(attachments.map(({ content }) => Buffer.from(content as ArrayBuffer).equals(file))).toEqual([true])
    expect(inboxOf(ben)).toHaveLength(1)
  },
  60_000,
)

test.each<[string, Orders, object]>([
  ['asks for the same piece for ever', { lies: [{ lie: 'upload', how: 'back' }] }, { class: 'transient' }],
  ['claims bytes it never had', { lies: [{ lie: 'upload', how: 'skip', times: 1 }] }, { class: 'transient' }],
  ['forgets each session', { lies: [{ lie: 'upload', how: 'forget', from: 1 }] }, { class: 'transient' }],
  ['takes the last piece and has no file', { lies: [{ lie: 'upload', how: 'lost', from: 1 }] }, { class: 'transient' }],
  [
    'answers 413',
    { faults: [{ kind: 'upload', status: 413, skip: 1 }] },
    {
      class: 'permanent',
      code: expect.stringMatching(/413|toolarge|limit/i),
      remedy: expect.stringMatching(/smaller/),
    },
  ],
])(
  'field 14: an upload in pieces: a server that %s: not sent, with the reason, no draft left',
  async (_, orders, found) => {
    for (const lie of orders.lies ?? []) world.graph.control.lie(lie)
    for (const fault of orders.faults ?? []) world.graph.control.fail(fault)
    const error = await failure((await send(withFile(file))).receipt)
    expect(error).toMatchObject({ outcome: 'not-sent', ...found })
    if (error.class === 'transient') expect(error.code).toBe('graph_upload_interrupted')
    expect([inboxOf(ben).length, draftsOf(ana).length]).toEqual([0, 0])
    world.graph.control.clearFaults()
    await (await send(withFile(file))).receipt
    expect(inboxOf(ben)).toHaveLength(1)
  },
)

test('field 14: a draft that its owner removes during the upload is made again by the next attempt', async () => {
  world.graph.control.fail({ kind: 'upload', status: 404, skip: 1 })
  world.graph.control.fail({ kind: 'upload-session', status: 404, skip: 1 })
  expect(await failure((await send(withFile(file))).receipt)).toMatchObject({
    ...{ code: 'graph_upload_interrupted', class: 'transient', outcome: 'not-sent' },
  })
}, 60_000)

test('SEC-31: a large mail made to be slow is refused with its reason in moments, and no draft stays', async () => {
  const head = `From: <${ana}>\r\nTo: <${ben}>\r\nMessage-ID: <m1@gateway.example>\r\n\r\n`
  const begun = process.cpuUsage()
  for (const lines of ['\r\n'.repeat(1_200_000), '\n'.repeat(2_300_000)]) {
    const { receipt } = await send(aMail({ raw: Buffer.from(head + lines) }))
    expect((await failure(receipt)) as object).toMatchObject({
      code: expect.stringMatching(/^mail_(not_divisible|too_complex)$/),
      outcome: 'not-sent',
    })
  }
  expect(processorMs(begun)).toBeLessThan(8_000)
  expect([inboxOf(ben).length, draftsOf(ana).length]).toEqual([0, 0])
}, 60_000)

test.each([
  ['504-but-delivered', 'sent'],
  ['drop-after-delivered', 'sent'],
] as const)(
  'P-05: after %s the outcome is unknown and the draft tells',
  async (name, outcome) => {
    world.graph.control.fail({ name })
    const { receipt, evidence } = await send(aMail())
    expect(await failure(receipt)).toMatchObject({ outcome: 'unknown', class: 'transient' })
    expect(await sender.lookUp(evidence())).toBe(outcome)
    expect(inboxOf(ben)).toHaveLength(1)
  },
  60_000,
)

test('a send that never reached Graph is found as a draft, and the draft cannot leave later', async () => {
  world.graph.control.fail({ kind: 'send', drop: true })
  const { receipt, evidence } = await send(aMail())
  expect(await failure(receipt)).toMatchObject({ outcome: 'unknown' })
  expect(draftsOf(ana)).toHaveLength(1)
  expect(await sender.lookUp(evidence())).toBe('stopped')
  expect(draftsOf(ana)).toHaveLength(1)
  expect(await sender.lookUp(evidence())).toBe('not-sent')
  expect(draftsOf(ana)).toHaveLength(0)
  expect(inboxOf(ben)).toHaveLength(0)
})

test('without a draft id the Message-ID in Sent Items decides, or nobody', async () => {
  await (await send(aMail())).receipt
  expect(await sender.lookUp({})).toBe('sent')
  expect(await sender.lookUp({}, '<other@gateway.example>')).toBe('undecided')
  expect(await sender.lookUp({ draftId: 'gone' }, "<it's@gateway.example>")).toBe('undecided')
})

test.each([
  [
    { kind: 'draft', status: 503, retryAfter: 7 },
    { class: 'transient', retryAfterMs: 7_000 },
  ],
  [
    { kind: 'draft', status: 429, retryAfterDate: 20 },
    { class: 'transient', hint: 'throttle' },
  ],
  [{ kind: 'draft', drop: true, after: true }, { class: 'transient' }],
  [{ kind: 'send', status: 403, code: 'ErrorSendAsDenied' }, { code: 'graph_errorsendasdenied' }],
  [{ kind: 'send', status: 429, retryAfter: 3 }, { retryAfterMs: 3_000 }],
  [{ kind: 'send', status: 507 }, { class: 'needs-admin' }],
  [
    { kind: 'send', status: 400, code: 'ErrorInvalidRecipients' },
    { class: 'permanent', hint: 'recipient' },
  ],
] as const)('%o before or at the send call: certainly not sent', async (fault, expected) => {
  world.graph.control.fail(fault)
  const { receipt } = await send(aMail())
  const error = await failure(receipt)
  expect(error).toMatchObject({ outcome: 'not-sent', ...expected })
  expect(inboxOf(ben)).toHaveLength(0)
  if (fault.kind === 'send') {
    expect(error.trace).toHaveProperty('request-id')
    expect(draftsOf(ana)).toHaveLength(0)
  }
})

test('a failing journal stops the send', async () => {
  const session = await sender.open(toAna, await world.authority(ana), signal)
  await expect(session.send(aMail(), () => Promise.reject(new Error('journal')))).rejects.toThrow('journal')
  expect(inboxOf(ben)).toHaveLength(0)
  expect(world.graph.control.counters.requests['send'] ?? 0).toBe(0)
})

test('a token refused by Graph is renewed once, and the call repeated', async () => {
  const authority = await world.authority(ana)
  world.entra.control.revoke({ upn: ana, accessTokens: true, aadsts: 0 })
  clock.now += 2_000
  const session = await graphSender({ origins: world.origins }).open(toAna, authority, signal)
  // Sessions are revoked, so the renewal is refused too: the owner has to act.
  expect(await failure(session.send(aMail(), async () => {}))).toMatchObject({ outcome: 'not-sent' })
  expect(authority.renewals).toBe(1)
})

test('findSent sees what was sent', async () => {
  await (await send(aMail())).receipt
  const session = await receive(ana)
  expect(await session.findSent!('m1@gateway.example')).toBe(true)
  expect(await session.findSent!('<other@gateway.example>')).toBe(false)
})
