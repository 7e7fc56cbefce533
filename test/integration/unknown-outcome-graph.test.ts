/** A hand-over without an answer at Graph: the draft decides. */
import { describe, expect, test } from 'vitest'
import { sendFlows } from '../../lib/flows/send/index.js'
import { latestSendMs } from '../../lib/flows/send/resolve-unknown.js'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import type { Sender } from '../../lib/ports/sender.js'
import { graphReceiver } from '../../lib/transports/graph-receiver.js'
import { graphSender } from '../../lib/transports/graph-sender.js'
import type { FaultOrder } from '../../local/emulators/faults.js'
import { everyReceiver, everySender } from '../support/general/toolbox.js'
import { startMicrosoft365 } from '../support/microsoft/microsoft-365.js'
import { ana, ben, hour, messageIds, stops, useUnknownOutcomes, world } from '../support/send/unknown-outcome-world.js'

const { acceptMail, drainLane } = sendFlows

useUnknownOutcomes()

describe('REL-03, P-09: Graph', () => {
  async function onGraph(fault?: FaultOrder) {
    // Minutes that passed for both sides; hours that only we wait would end the token.
    let minutes = 0
    const cloud = await startMicrosoft365({ now: () => Date.now() + minutes * 60_000 })
    stops.push(() => cloud.stop())
    const { origins } = cloud
    const sender = graphSender({ origins })
    const receiver = graphReceiver({ origins })
    const w = await world(
      { address: ana, send: { transport: 'graph', connectionId: newId() } },
      { senders: everySender(sender), receivers: everyReceiver(receiver) },
      await cloud.authority(ana),
    )
    if (fault) cloud.graph.control.fail(fault)
    const minutesLater = async (count: number) => {
      minutes += count
      await w.later(count * 60_000)
    }
    const mailbox = (address: string) => cloud.directory.mailbox(cloud.directory.user(address)!)
    const inFolder = (address: string, folder: string) => {
      const box = mailbox(address)
      return box.in(box.folder(folder)!)
    }
    return { w, cloud, mailbox, inFolder, minutesLater }
  }

  test.each(['504-but-delivered', 'drop-after-delivered'] as const)('%s: the draft says it left', async (name) => {
    const { w, inFolder } = await onGraph({ name })
    const id = await w.send('resend')
    expect(await w.read(id)).toMatchObject({ state: 'unknown' })
    await w.later(61_000)
    const mail = await w.read(id)
    expect(mail).toMatchObject({ state: 'sent', attempts: 1 })
    expect(mail.history.at(-1)?.text).toContain('The mailbox shows the mail as sent.')
    expect(inFolder(ben, 'inbox')).toHaveLength(1)
  })

  test.each([
    { kind: 'send', status: 504 },
    // One item is not found for a moment (field 10).
    { kind: 'send', status: 404, code: 'ErrorItemNotFound' },
  ])('a $status that sent nothing: the draft is still one, so it is sent again without asking', async (fault) => {
    const { w, inFolder } = await onGraph(fault)
    const id = await w.send('stop')
    expect(await w.read(id)).toMatchObject({ state: 'unknown' })
    await w.later(61_000)
    expect(await w.read(id)).toMatchObject({ state: 'unknown' })
    expect(await w.attention()).toEqual([])
    await w.later(latestSendMs)
    expect(await w.read(id)).toMatchObject({ state: 'waiting' })
    expect(inFolder(ana, 'drafts')).toHaveLength(0)
    await w.later(hour)
    expect(await w.read(id)).toMatchObject({ state: 'sent', attempts: 2 })
    expect(inFolder(ben, 'inbox')).toHaveLength(1)
  })

  // A service in front that gave up while the mailbox server went on: Microsoft Q&A 2286986.
  test.each([
    ['draft', 70],
    ['draft', 420],
    ['copy', 5],
    ['copy', 280],
  ] as const)(
    'C5: answered with 504, and the %s is sent %i s later all the same: one copy',
    async (lateOf, seconds) => {
      const { w, inFolder, minutesLater } = await onGraph({
        name: '504-delivered-late',
        lateMs: seconds * 1000,
        lateOf,
      })
      const id = await w.send('stop')
      for (let n = 0; n < 12; n++) await minutesLater(1.02)
      expect(await w.read(id)).toMatchObject({ state: 'sent' })
      expect(inFolder(ben, 'inbox')).toHaveLength(1)
      expect(inFolder(ana, 'sentitems')).toHaveLength(1)
      expect(inFolder(ana, 'drafts')).toHaveLength(0)
      expect(await w.attention()).toEqual([])
    },
  )

  test('C5: a deleted draft can still be sent, so deleting it is no proof', async () => {
    const { cloud, inFolder } = await onGraph()
    const token = await (await cloud.authority(ana)).token()
    const call = (method: string, path: string, body?: string) =>
      fetch(`${cloud.graph.url}/v1.0/me${path}`, {
        method,
        ...(body === undefined ? {} : { body }),
        headers: {
          authorization: `Bearer ${token.reveal()}`,
          'content-type': 'application/json',
          prefer: 'IdType="ImmutableId"',
        },
      })
    const made = await call('POST', '/messages', JSON.stringify({ toRecipients: [{ emailAddress: { address: ben } }] }))
    const { id } = (await made.json()) as { id: string }
    expect((await call('DELETE', `/messages/${id}`)).status).toBe(204)
    expect((await call('POST', `/messages/${id}/send`)).status).toBe(202)
    expect(inFolder(ben, 'inbox')).toHaveLength(1)
    const again = await call(
      'POST',
      '/messages',
      JSON.stringify({ toRecipients: [{ emailAddress: { address: ben } }] }),
    )
    const next = (await again.json()) as { id: string }
    expect((await call('POST', `/messages/${next.id}/permanentDelete`)).status).toBe(204)
    expect((await call('POST', `/messages/${next.id}/send`)).status).toBe(404)
  })

  test('C5: a worker stands still before its send call while another takes the mail over: one copy', async () => {
    const { w, cloud, inFolder, minutesLater } = await onGraph()
    let goOn = () => {}
    const isToGoOn = new Promise<void>((resolve) => {
      goOn = resolve
    })
    let asks = () => {}
    const asked = new Promise<void>((resolve) => {
      asks = resolve
    })
    const { graph } = w.deps.senders
    const standing: Sender = {
      ...graph,
      async open(...input) {
        const session = await graph.open(...input)
        return {
          ...session,
          send: (mail, handingOver) =>
            session.send(mail, async (evidence) => {
              await handingOver(evidence)
              asks()
              await isToGoOn
            }),
        }
      },
    }
    const wish = parseMailSubmission({ mailboxId: w.mailbox.id, to: [ben], subject: 'Offer', text: 'Hello' })
    const { mail } = await acceptMail(w.deps, w.tenant, { submission: wish })
    const first = drainLane({ ...w.deps, senders: everySender(standing) }, w.work)
    await asked
    await w.leaseEnds()
    for (let n = 0; n < 3; n++) await minutesLater(1.02)
    goOn()
    await first
    expect(await w.read(mail.id)).toMatchObject({ state: 'sent', attempts: 2 })
    expect(cloud.graph.control.counters.sends).toBe(1)
    expect(inFolder(ben, 'inbox')).toHaveLength(1)
  })

  test('a draft whose answer got lost goes with the next attempt; one of the owner stays', async () => {
    const lost: FaultOrder = { kind: 'draft', name: 'drop-after' }
    const { w, inFolder } = await onGraph({ ...lost, times: 2 })
    const own = '<weekly-report@contoso.example>'
    const raw = Buffer.from(`From: ${ana}\r\nSubject: Report\r\nMessage-ID: ${own}\r\n\r\nHello\r\n`).toString('base64')
    const left: string[] = []
    for (const content of [{ subject: 'Offer', text: 'Hello' }, { raw }]) {
      const wish = parseMailSubmission({ mailboxId: w.mailbox.id, to: [ben], ...content })
      left.push((await acceptMail(w.deps, w.tenant, { submission: wish })).mail.id)
      await w.drain()
      expect(await w.read(left.at(-1) ?? '')).toMatchObject({ state: 'waiting', attempts: 1 })
    }
    expect(inFolder(ana, 'drafts')).toHaveLength(2)
    await w.later(hour)
    for (const id of left) expect(await w.read(id)).toMatchObject({ state: 'sent', attempts: 2 })
    expect(messageIds(inFolder(ana, 'drafts'))).toEqual([own])
    expect(inFolder(ben, 'inbox')).toHaveLength(2)
  })

  test('neither draft nor sent copy: a person is asked', async () => {
    const { w, inFolder, mailbox } = await onGraph({ kind: 'send', status: 504 })
    const id = await w.send('stop')
    for (const draft of inFolder(ana, 'drafts')) mailbox(ana).remove(draft)
    await w.later(61_000)
    const mail = await w.read(id)
    expect(mail).toMatchObject({ state: 'unknown' })
    expect(mail.lastError?.text).toContain('not in the Sent folder, which does not prove')
    expect(await w.attention()).toHaveLength(1)
    expect(inFolder(ben, 'inbox')).toHaveLength(0)
  })
})
