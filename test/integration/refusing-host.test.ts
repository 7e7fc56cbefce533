/** From the wire to the probe's verdict: a server that refuses everybody at its greeting, and is well again (field 19). */
import { afterEach, expect, test } from 'vitest'
import { sendFlows } from '../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { connectionOf } from '../../lib/model/transports.js'
import { readLane } from '../../lib/rows/lane.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { smtpSender } from '../../lib/transports/smtp-sender.js'
import { startSmtp } from '../../local/emulators/smtp/start-smtp.js'
import { everySender } from '../support/general/toolbox.js'
import { sendHarness } from '../support/send/send-harness.js'

const { acceptMail, drainLane, readMail } = sendFlows
let stop = async (): Promise<void> => {}
afterEach(() => stop())

// 19-554-greeting.smtp. Right: Postfix smtp_skip_5xx_greeting (postconf.5): no verdict on the mail.
test('field 19: 554 at the greeting: the gate closes with the server’s own line, a probe finds it well, the mail leaves, the card goes', async () => {
  const line = '5.7.1 t.example: your address is listed, try again later'
  const server = await startSmtp({ mode: 'plain', anonymous: true, accounts: () => undefined })
  stop = () => server.stop()
  const h = await sendHarness()
  const smtp = { host: '127.0.0.1', port: server.port, tls: 'plain' as const }
  const send = { transport: 'smtp' as const, connectionId: connectionOf(h.mailbox.send), smtp }
  await h.stores.tables.upsert(h.deps.names.table('mailboxes'), toRow({ ...h.mailbox, send }))
  const sender = smtpSender({ lookup: guardedLookup({ allowLoopback: true }) })
  const deps = { ...h.deps, senders: everySender(sender) }
  const drain = () => drainLane(deps, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
  const cards = async () => {
    const rows: object[] = []
    for await (const row of h.stores.tables.query(h.deps.names.table('attention'), { partition: h.tenant }))
      rows.push(row)
    return rows
  }
  const gate = () => readLane(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })
  server.control.order('connect', { code: 554, text: line }, { times: 2 })
  const { id } = (
    await acceptMail(h.deps, h.tenant, { submission: parseMailSubmission({ to: ['bo@example.org'], text: 'x' }) })
  ).mail
  await drain()
  expect(await gate()).toMatchObject({ gate: 'closed', gateUntil: h.clock.now() + 300_000 })
  expect(JSON.stringify(await cards())).toContain(`554 ${line}`)
  expect(await readMail(h.deps, h.tenant, id)).toMatchObject({ state: 'queued', attempts: 0 })
  await drain()
  expect(server.connections).toBe(1)
  // The first probe meets the second refusal, the next one a server that is well.
  h.clock.advance(300_000)
  await drain()
  expect(await gate()).toMatchObject({ gate: 'closed' })
  h.clock.advance(600_000)
  await drain()
  expect(server.mails.map(({ to }) => to)).toEqual([['bo@example.org']])
  expect(await readMail(h.deps, h.tenant, id)).toMatchObject({ state: 'sent' })
  expect(await gate()).toMatchObject({ gate: 'open', failures: 0 })
  expect(await cards()).toEqual([])
})
