/** D16: after a repair, one call takes up every mail that failed because somebody had to act first. */
import { expect, test } from 'vitest'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import { faultOf, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, drainLane, readMail, retryFailedMails } = sendFlows
const denied = () => faultOf('needs-admin', { hint: 'sender', description: 'No Send As.' }, 'exo_smtp_sendasdenied')

async function afterRefusals(mails: number) {
  const h = await sendHarness()
  const drain = () => drainLane(h.deps, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
  const refuse = async (error: ReturnType<typeof denied>) => {
    h.peer.script.send = () => error
    const { mail } = await acceptMail(h.deps, h.tenant, {
      submission: parseMailSubmission({ to: ['a@b.example'], text: 'x' }),
    })
    await drain()
    expect((await readMail(h.deps, h.tenant, mail.id)).state).toBe('failed')
    return mail.id
  }
  const ids: string[] = []
  for (let n = 0; n < mails; n++) ids.push(await refuse(denied()))
  const own = await refuse(faultOf('permanent', { hint: 'recipient' }, 'exo_smtp_recipientnotfound'))
  h.peer.script.send = () => undefined
  const states = async () => Promise.all(ids.map(async (id) => (await readMail(h.deps, h.tenant, id)).state))
  return { ...h, drain, ids, own, states }
}

test('D16: they leave, each once; what failed for a reason of its own stays failed; asked again, nothing is left', async () => {
  const h = await afterRefusals(3)
  const found = { mails: 3, contentGone: 0, codes: ['exo_smtp_sendasdenied'], more: false }
  expect(await retryFailedMails(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id }, { dryRun: true })).toEqual(found)
  expect(await h.states()).toEqual(['failed', 'failed', 'failed'])
  expect(await retryFailedMails(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })).toEqual(found)
  await h.drain()
  expect(await h.states()).toEqual(['sent', 'sent', 'sent'])
  expect((await readMail(h.deps, h.tenant, h.own)).state).toBe('failed')
  const none = { mails: 0, contentGone: 0, codes: [], more: false }
  expect(await retryFailedMails(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })).toEqual(none)
})

test('D16: mail whose content is gone is counted apart; another mailbox, or none, is not touched', async () => {
  const h = await afterRefusals(2)
  const outbound = h.deps.names.container('outbound')
  for await (const { name } of h.deps.blobs.list(outbound, ''))
    if (name.includes(h.ids[0]!)) await h.deps.blobs.remove(outbound, name)
  await expect(retryFailedMails(h.deps, { tenant: h.tenant, mailboxId: 'a'.repeat(26) })).rejects.toMatchObject({
    code: 'not_found',
  })
  expect(await retryFailedMails(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })).toMatchObject({
    mails: 1,
    contentGone: 1,
  })
  expect(await h.states()).toEqual(['failed', 'queued'])
})

test('D16: two at once take each mail up once', async () => {
  const h = await afterRefusals(4)
  const [a, b] = await Promise.all(
    [1, 2].map(() => retryFailedMails(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })),
  )
  await h.drain()
  expect(await h.states()).toEqual(Array(4).fill('sent'))
  expect(a!.mails + b!.mails).toBeGreaterThanOrEqual(4)
  expect(h.peer.sent.filter(({ mailId }: { mailId: string }) => h.ids.includes(mailId))).toHaveLength(4)
})
