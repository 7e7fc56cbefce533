/** A limit of a whole organisation: the first refusal stops all its mailboxes, and nobody else's. */
import { describe, expect, test } from 'vitest'
import type { GatewayError } from '../../../lib/errors.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { newId } from '../../../lib/model/ids.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { OutgoingMail } from '../../../lib/ports/sender.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { connectionToRow } from '../../../lib/rows/connections.js'
import { findLane } from '../../../lib/rows/lane.js'
import { toRow } from '../../../lib/rows/mailboxes.js'
import { refusal } from '../../../lib/transports/smtp-error.js'
import { sampleConnection } from '../../support/general/sample-connection.js'
import { sampleMailbox } from '../../support/general/sample-mailbox.js'
import { sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, drainLane, readMail } = sendFlows
const hour = 3_600_000
const contoso = '7a1c0d3e-5b1f-4c55-9f3e-0c0de0000001'
const fabrikam = '7a1c0d3e-5b1f-4c55-9f3e-0c0de0000002'

/** As Exchange says it. */
const limitReached = (code: string): GatewayError =>
  refusal(
    `550 ${code} Your message can't be sent because your tenant exceeded its limit. https://aka.ms/terrl`,
    { host: 'smtp.office365.com', said: '220 Microsoft ESMTP', secrets: [] },
    { outcome: 'not-sent' },
  )

async function world() {
  const h = await sendHarness()
  const { deps, tenant, clock, peer } = h
  const owners = new Map<string, string>()
  const refused: string[] = []
  const full = new Set<string>()
  let code = '5.7.233'
  peer.script.send = ({ from }: OutgoingMail) => {
    if (!full.has(owners.get(from) ?? '')) return undefined
    refused.push(from)
    return limitReached(code)
  }
  /** `directory` undefined: nobody signed in there, and the domain says whose it is. */
  const mailbox = async (address: string, directory: string | undefined) => {
    const connectionId = newId()
    const identity = { issuer: '', subject: address, username: address, ...(directory ? { tenantId: directory } : {}) }
    const given = { id: connectionId, tenant, mode: 'anonymous' as const, provider: 'basic' as const }
    const connection = sampleConnection(directory ? { ...given, identity } : given)
    await deps.tables.insert(deps.names.table('connections'), connectionToRow(connection))
    const smtp = { host: 'smtp.office365.com', port: 587, tls: 'starttls' as const }
    const row = sampleMailbox({
      id: newId(),
      key: newId().slice(0, 5),
      address,
      send: { transport: 'smtp', connectionId, smtp },
    })
    await deps.tables.insert(deps.names.table('mailboxes'), toRow(row))
    owners.set(address, directory ?? address.slice(address.indexOf('@') + 1))
    return row.id
  }
  const submit = async (mailboxId: string) => {
    const submission = parseMailSubmission({ to: ['kim@example.net'], subject: 's', text: 'x', mailboxId })
    return (await acceptMail(deps, tenant, { submission })).mail.id
  }
  const drain = (mailboxId: string, by: Toolbox = deps) => drainLane(by, { v: 1, tenant, mailboxId })
  const stateOf = async (mailId: string) => (await readMail(deps, tenant, mailId)).state
  return { ...h, clock, full, refused, mailbox, submit, drain, stateOf, say: (next: string) => (code = next) }
}

describe('M-164: a limit of the organisation', () => {
  test('500 mailboxes, four processes: at most five refused sends in a day, and others send on', async () => {
    const w = await world()
    const ids: string[] = []
    for (let n = 0; n < 500; n++) ids.push(await w.mailbox(`box${n}@contoso.example`, contoso))
    const foreign = await w.mailbox('fay@fabrikam.example', fabrikam)
    const mails = await Promise.all(ids.map(w.submit))
    w.full.add(contoso)
    const processes = [w.deps, w.process().deps, w.process().deps, w.process().deps]
    for (let passed = 0; passed < 24; passed += 3) {
      for (const [n, id] of ids.entries()) await w.drain(id, processes[n % 4])
      w.clock.advance(3 * hour)
    }
    expect(w.refused.length).toBeGreaterThan(0)
    expect(w.refused.length).toBeLessThanOrEqual(5)
    const other = await w.submit(foreign)
    await w.drain(foreign)
    expect(await w.stateOf(other)).toBe('sent')
    // Each mailbox says why it waits, and nobody is asked to do anything.
    const lane = await findLane(w.deps, { tenant: w.tenant, mailboxId: ids[250]! })
    expect(lane).toMatchObject({ gate: 'open', failure: expect.stringMatching(/organisation/) })

    w.full.clear()
    w.clock.advance(13 * hour)
    for (const id of ids) await w.drain(id)
    for (const mail of mails) expect(await w.stateOf(mail)).toBe('sent')
  }, 60_000)

  test.each(['5.7.232', '5.7.233', '5.7.236'])(
    '%s concerns the organisation; a limit of the mailbox does not',
    async (code) => {
      const w = await world()
      const [one, two] = [await w.mailbox('a@contoso.example', contoso), await w.mailbox('b@contoso.example', contoso)]
      w.say(code)
      w.full.add(contoso)
      await w.submit(one)
      await w.drain(one)
      const lane = () => findLane(w.deps, { tenant: w.tenant, mailboxId: two })
      expect((await lane())?.pausedUntil).toBeGreaterThan(w.clock.now() + hour)
      // Negative control: what Exchange counts for one mailbox.
      const v = await world()
      const [three, four] = [
        await v.mailbox('a@contoso.example', contoso),
        await v.mailbox('b@contoso.example', contoso),
      ]
      v.say('5.1.90')
      v.full.add(contoso)
      await v.submit(three)
      await v.drain(three)
      expect((await findLane(v.deps, { tenant: v.tenant, mailboxId: four }))?.pausedUntil ?? 0).toBe(0)
    },
  )

  test('the mailbox that was refused tries first, and the others wait for what it hears', async () => {
    const w = await world()
    const ids: string[] = []
    for (let n = 0; n < 20; n++) ids.push(await w.mailbox(`box${n}@contoso.example`, contoso))
    for (const id of ids) await w.submit(id)
    w.full.add(contoso)
    await w.drain(ids[0]!)
    const pauses = await Promise.all(
      ids.map(async (mailboxId) => (await findLane(w.deps, { tenant: w.tenant, mailboxId }))?.pausedUntil ?? 0),
    )
    const [first, ...others] = pauses
    expect(first).toBe(w.clock.now() + hour)
    expect(Math.min(...others)).toBeGreaterThanOrEqual(first! + 5 * 60_000)
    expect(new Set(others).size).toBeGreaterThan(10)
  })

  test('where nobody signed in, the domain of the address says whose mailbox it is', async () => {
    const w = await world()
    const [one, two] = [
      await w.mailbox('a@litware.example', undefined),
      await w.mailbox('b@litware.example', undefined),
    ]
    const other = await w.mailbox('c@wingtip.example', undefined)
    w.full.add('litware.example')
    await w.submit(one)
    await w.drain(one)
    const pauseOf = async (mailboxId: string) =>
      (await findLane(w.deps, { tenant: w.tenant, mailboxId }))?.pausedUntil ?? 0
    expect(await pauseOf(two)).toBeGreaterThan(0)
    expect(await pauseOf(other)).toBe(0)
  })
})
