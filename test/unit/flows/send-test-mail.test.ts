import { describe, expect, test } from 'vitest'
import { changeMailbox } from '../../../lib/flows/admin/change-mailbox.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { newId } from '../../../lib/model/ids.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { MessageDefaults } from '../../../lib/model/message-defaults.js'
import { readLane, takeLane } from '../../../lib/rows/lane.js'
import { listLog } from '../../../lib/rows/logs.js'
import { toRow } from '../../../lib/rows/mailboxes.js'
import { faultOf, type Harness, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, cancelMail, drainLane, searchMails, sendTestMail } = sendFlows
const work = (h: Harness) => ({ v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
const laneOf = (h: Harness) => readLane(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })

describe('M-033: a test mail', () => {
  test('is sent at once, past the mail that waits, and names its log row', async () => {
    const h = await sendHarness()
    await acceptMail(h.deps, h.tenant, {
      submission: parseMailSubmission({ to: ['bob@b.example'], text: 'x', hold: true }),
    })
    const result = await sendTestMail(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id }, 'me@b.example')
    expect(result).toMatchObject({ state: 'sent', diagnosis: null })
    expect(h.peer.sent.map((mail) => mail.recipients)).toEqual([['me@b.example']])
    const rows = await listLog(h.deps, h.tenant, { log: 'sending', limit: 10 })
    expect(rows.find((row) => row['id'] === result.logId)).toMatchObject({ mailId: result.mailId, state: 'sent' })
    expect(result.logId).not.toBe('')
  })

  test.each([
    ['the server refuses the sign-in', 'needs-admin', 'open'],
    ['the server is away', 'transient', 'open'],
    ['the mail waits for the server', 'transient', 'send'],
    ['the mail is refused', 'permanent', 'send'],
  ] as const)('%s: failed with the catalogue row, and nothing arrives later', async (_, errorClass, where) => {
    const h = await sendHarness()
    const fault = faultOf(errorClass, { remedy: 'Do this.', description: 'It is so.' })
    h.peer.script[where] = () => fault
    const result = await sendTestMail(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })
    expect(result).toMatchObject({
      state: 'failed',
      diagnosis: {
        code: fault.code,
        class: errorClass,
        text: 'It is so.',
        remedy: 'Do this.',
        reply: '4xx or 5xx, verbatim',
      },
    })
    expect(result.logId).not.toBe('')
    h.peer.script[where] = () => undefined
    h.clock.advance(3_600_000)
    await drainLane(h.deps, work(h))
    expect(h.peer.sent).toEqual([])
    expect((await laneOf(h)).gate).toBe('open')
  })

  test('behind a closed gate the server is tried all the same; success opens it and the waiting mail leaves', async () => {
    const h = await sendHarness()
    const { tenant, mailbox } = h
    await acceptMail(h.deps, tenant, { submission: parseMailSubmission({ to: ['bob@b.example'], text: 'x' }) })
    h.peer.script.open = () => faultOf('needs-reconnect')
    await drainLane(h.deps, work(h))
    expect((await laneOf(h)).gate).toBe('closed')
    h.peer.script.open = () => undefined
    await drainLane(h.deps, work(h))
    expect(h.peer.sent).toHaveLength(0)
    expect(await sendTestMail(h.deps, { tenant, mailboxId: mailbox.id })).toMatchObject({ state: 'sent' })
    await drainLane(h.deps, work(h))
    expect(h.peer.sent.map((mail) => mail.recipients[0])).toEqual([mailbox.address, 'bob@b.example'])
  })

  test('a lost answer is unknown, like for any mail', async () => {
    const h = await sendHarness()
    h.peer.script.after = () => faultOf('transient', { outcome: 'unknown' })
    expect(await sendTestMail(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })).toMatchObject({
      state: 'unknown',
    })
    expect(h.peer.sent).toHaveLength(1)
  })

  test('while other mail is sent it says so; another tenant’s mailbox is not found', async () => {
    const h = await sendHarness()
    await takeLane(h.deps, await laneOf(h))
    await expect(sendTestMail(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })).rejects.toMatchObject({
      code: 'mailbox_busy',
    })
    await expect(sendTestMail(h.deps, { tenant: 'other', mailboxId: h.mailbox.id })).rejects.toMatchObject({
      code: 'not_found',
    })
    expect(h.peer.sent).toHaveLength(0)
  })
})

test('M-042: the list shows open mail only, and finished mail when asked', async () => {
  const h = await sendHarness()
  const submit = async (input: object = {}) =>
    (
      await acceptMail(h.deps, h.tenant, {
        submission: parseMailSubmission({ to: ['a@b.example'], text: 'x', ...input }),
      })
    ).mail.id
  const ids = [await submit(), await submit(), await submit({ hold: true })]
  const states = async (includeDone: boolean) =>
    (await searchMails(h.deps, h.tenant, { includeDone })).mails.map(({ id, state }) => [id, state])
  expect(await states(false)).toHaveLength(3)
  expect(await states(true)).toHaveLength(3)
  await drainLane(h.deps, work(h))
  expect(await states(false)).toEqual([[ids[2], 'queued']])
  expect((await states(true)).sort()).toEqual(
    [
      [ids[0], 'sent'],
      [ids[1], 'sent'],
      [ids[2], 'queued'],
    ].sort(),
  )
  await cancelMail(h.deps, h.tenant, ids[2]!)
  expect(await states(false)).toEqual([])
  expect(await states(true)).toHaveLength(3)
  expect((await searchMails(h.deps, 'other', { includeDone: true })).mails).toEqual([])
})

test('M-042: all open mail is listed page by page, of one mailbox and of all', async () => {
  const h = await sendHarness()
  const other = { ...h.mailbox, id: newId(), key: 'other', address: 'other@acme.example' }
  await h.stores.tables.insert(h.deps.names.table('mailboxes'), toRow(other))
  const ids: string[] = []
  for (let n = 0; n < 12; n++) {
    const input = { to: ['a@b.example'], text: 'x', hold: n % 3 === 0, mailboxId: n % 2 ? h.mailbox.id : other.id }
    ids.push((await acceptMail(h.deps, h.tenant, { submission: parseMailSubmission(input) })).mail.id)
    h.clock.advance(1)
  }
  const walk = async (mailboxId?: string) => {
    const found: string[] = []
    let after = ''
    for (let page = 0; page < 10; page++) {
      const { mails, next } = await searchMails(h.deps, h.tenant, { limit: 5, mailboxId, after })
      found.push(...mails.map(({ id }) => id))
      after = next
      if (next === '') break
    }
    return found.sort()
  }
  expect(await walk()).toEqual([...ids].sort())
  expect(await walk(other.id)).toEqual(ids.filter((_, n) => n % 2 === 0).sort())
  for (const wrong of [{ after: 'nonsense' }, { mailboxId: 'sales' }])
    await expect(searchMails(h.deps, h.tenant, wrong)).rejects.toMatchObject({ code: 'invalid_input', status: 400 })
})

describe('M-032: message defaults of a mailbox', () => {
  const defaults: MessageDefaults = {
    from: 'info@acme.example',
    replyTo: { address: 'desk@acme.example', name: 'Desk' },
    bcc: ['archive@acme.example'],
    subject: 'From Acme',
    headers: { 'X-Source': 'default', Organization: 'Acme' },
  }
  const change = (h: Harness, defaults: MessageDefaults) =>
    changeMailbox(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id }, { defaults })
  const sent = async (h: Harness, input: object) => {
    await acceptMail(h.deps, h.tenant, { submission: parseMailSubmission({ to: ['bob@b.example'], ...input }) })
    await drainLane(h.deps, work(h))
    return h.peer.sent.at(-1)!
  }

  test('fill what is absent', async () => {
    const h = await sendHarness()
    await change(h, defaults)
    const mail = await sent(h, { text: 'x' })
    expect(mail).toMatchObject({ from: 'info@acme.example', recipients: ['bob@b.example', 'archive@acme.example'] })
    for (const line of [
      'Subject: From Acme',
      'Reply-To: Desk <desk@acme.example>',
      'X-Source: default',
      'Organization: Acme',
    ])
      expect(mail.raw).toContain(`${line}\r\n`)
  })

  test('leave alone what is present, header names in any case', async () => {
    const h = await sendHarness()
    await change(h, defaults)
    const given = { from: h.mailbox.address, replyTo: 'r@c.example', bcc: ['b@c.example'], subject: 'Mine' }
    const mail = await sent(h, { ...given, text: 'x', headers: { 'x-source': 'mine' } })
    expect(mail).toMatchObject({ from: h.mailbox.address, recipients: ['bob@b.example', 'b@c.example'] })
    expect(mail.raw.match(/^x-source:.*$/gim)).toEqual([expect.stringMatching(/: mine$/)])
    for (const line of ['Subject: Mine', 'Reply-To: r@c.example', 'Organization: Acme'])
      expect(mail.raw).toContain(line)
    expect(mail.raw).not.toContain('From Acme')
  })

  test('a repeated request is the same mail, whatever the defaults became meanwhile', async () => {
    const h = await sendHarness()
    const submission = parseMailSubmission({ to: ['bob@b.example'], text: 'x' })
    const first = await acceptMail(h.deps, h.tenant, { submission, idempotencyKey: 'k1' })
    await change(h, defaults)
    expect(await acceptMail(h.deps, h.tenant, { submission, idempotencyKey: 'k1' })).toMatchObject({
      created: false,
      mail: { id: first.mail.id },
    })
  })

  test.each([
    [{ from: 'boss@acme.example' }, 'defaults.from'],
    [{ headers: { 'X-MS-Exchange-Organization-SCL': '-1' } }, 'defaults.headers.X-MS-Exchange-Organization-SCL'],
    [{ headers: { bcc: 'x@y.example' } }, 'defaults.headers.bcc'],
    [{ bcc: ['no address'] }, 'defaults.bcc'],
  ] as [MessageDefaults, string][])('%j is refused when it is set, not at each mail', async (wrong, field) => {
    const h = await sendHarness()
    await expect(change(h, wrong)).rejects.toMatchObject({ code: 'invalid_input', field })
  })
})
