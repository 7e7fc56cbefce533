/** A mail server that is away for hours, and a thousand mails that wait for it (REL-08). */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { sendFlows } from '../../lib/flows/send/index.js'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import type { Mailbox } from '../../lib/model/mailbox.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { smtpSender } from '../../lib/transports/smtp-sender.js'
import { startSmtp } from '../../local/emulators/smtp/start-smtp.js'
import { connectAs } from '../support/connect/connect-as.js'
import { everySender } from '../support/general/toolbox.js'
import { sendHarness } from '../support/send/send-harness.js'

const { acceptMail, drainLane, readMail } = sendFlows
const waiting = 1_000
const probes = 12

/** A host that takes connections and hangs up at once: what a dial costs it is seen where it arrives. */
async function deadHost() {
  let dials = 0
  const server = createServer((socket) => {
    dials += 1
    socket.destroy()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    dials: () => dials,
    stop: () => new Promise((resolve) => server.close(resolve)),
  }
}

test('REL-08: 1,000 mails for a dead host cost it one connection per interval, no mail an attempt and nobody else time', async () => {
  const dead = await deadHost()
  const alive = await startSmtp({ mode: 'plain', anonymous: true, accounts: () => undefined })
  const h = await sendHarness()
  const { tenant, clock } = h
  const table = h.deps.names.table('mailboxes')
  const mailboxAt = async (port: number): Promise<string> => {
    const id = newId()
    const smtp = { host: 'localhost', port, tls: 'plain', messagesPerSession: 100 } as const
    const send = { transport: 'smtp', connectionId: newId(), smtp } satisfies Mailbox['send']
    await connectAs(h.deps, send.connectionId, { kind: 'anonymous' })
    await h.stores.tables.insert(table, toRow({ ...h.mailbox, id, key: id.slice(0, 8), send }))
    return id
  }
  const smtp = smtpSender({ lookup: guardedLookup({ allowLoopback: true }) })
  const worker = () => Object.assign(h.process().deps, { senders: everySender(smtp) })
  const accept = async (mailboxId: string, subject: string): Promise<string> => {
    const mail = parseMailSubmission({ to: ['kim@example.net'], subject, text: 'x', mailboxId })
    clock.advance(1)
    return (await acceptMail(worker(), tenant, { submission: mail })).mail.id
  }
  /** "There is work", twice over to four workers. */
  const wake = async (mailboxId: string): Promise<void> => {
    for (let round = 0; round < 2; round++)
      await Promise.all(Array.from({ length: 4 }, () => drainLane(worker(), { v: 1, tenant, mailboxId })))
  }
  const subjectsAt = (server: typeof alive) =>
    server.mails.map(({ raw }) => /^Subject: (.*?)\r$/m.exec(raw.toString('latin1'))?.[1])
  const states = async (ids: string[]) => {
    const mails = await Promise.all(ids.map((id) => readMail(h.deps, tenant, id)))
    return [...new Set(mails.map(({ state, attempts }) => `${state} after ${attempts}`))]
  }

  const toDead = await mailboxAt(dead.port)
  const toAlive = await mailboxAt(alive.port)
  const ids: string[] = []
  for (let n = 0; n < waiting; n++) ids.push(await accept(toDead, `${n}`))
  const others: string[] = []
  for (let probe = 1; probe <= probes; probe++) {
    others.push(await accept(toAlive, `other ${probe}`))
    await Promise.all([wake(toDead), wake(toAlive)])
    expect(dead.dials()).toBe(probe)
    expect(subjectsAt(alive)).toHaveLength(probe)
    const lane = await h.stores.tables.get(table, `${tenant}~${toDead}`, 'lane~0')
    const intervalMs = Number(lane?.['pausedUntil']) - clock.now()
    expect(intervalMs).toBeGreaterThanOrEqual(1_000)
    expect(intervalMs).toBeLessThanOrEqual(3_600_000)
    clock.advance(intervalMs - 1)
    await wake(toDead)
    expect(dead.dials()).toBe(probe)
    clock.advance(1)
  }
  expect(await states(ids)).toEqual(['queued after 0'])
  expect(await states(others)).toEqual(['sent after 1'])

  const { port } = dead
  await dead.stop()
  const recovered = await startSmtp({ mode: 'plain', anonymous: true, accounts: () => undefined, port })
  for (let round = 0; recovered.mails.length < waiting && round < waiting; round++) await wake(toDead)
  expect(subjectsAt(recovered)).toEqual(Array.from({ length: waiting }, (_, n) => `${n}`))
  expect(await states(ids)).toEqual(['sent after 1'])
  await Promise.all([alive.stop(), recovered.stop()])
}, 60_000)
