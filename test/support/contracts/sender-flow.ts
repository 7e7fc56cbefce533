/** The send flow over one real transport, with stores in memory that outlive its processes. */
import { sendFlows } from '../../../lib/flows/send/index.js'
import { newId } from '../../../lib/model/ids.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import { connectAs } from '../connect/connect-as.js'
import { everySender } from '../general/toolbox.js'
import { sendHarness } from '../send/send-harness.js'
import type { SenderSubject } from './sender-subjects.js'

const { acceptMail, drainLane, readMail } = sendFlows

export async function senderFlow(
  peer: Pick<SenderSubject, 'from' | 'sender' | 'authority' | 'send' | 'scopes'>,
  { to }: { to: string },
) {
  const h = await sendHarness()
  const { deps, tenant, mailbox } = h
  const row = { partitionKey: `${tenant}~${mailbox.id}`, rowKey: 'mailbox' }
  const connectionId = newId()
  const send = JSON.stringify(peer.send(connectionId))
  const identity = { issuer: '', subject: '', username: peer.from }
  await connectAs(deps, connectionId, peer.authority, { identity, scopes: peer.scopes ?? [] })
  await h.stores.tables.upsert(deps.names.table('mailboxes'), { ...row, address: peer.from, send })
  const process = () => {
    const one = h.process().deps
    const { tables } = one
    // Storage takes its turn, in which servers are heard that speak unasked.
    one.tables = {
      ...tables,
      update: async (...input) => {
        await new Promise(setImmediate)
        return tables.update(...input)
      },
    }
    one.senders = everySender(peer.sender)
    return one
  }
  const submit = (more: object = {}) =>
    acceptMail(process(), tenant, {
      submission: parseMailSubmission({ to: [to], subject: 'Offer', text: 'Hi', mailboxId: mailbox.id, ...more }),
    }).then(({ mail }) => mail.id)
  const drain = () => drainLane(process(), { v: 1, tenant, mailboxId: mailbox.id })
  const bytes = async (id: string) => {
    const container = deps.names.container('outbound')
    for await (const { name } of h.stores.blobs.list(container, `${tenant}/${id}`))
      return (await h.stores.blobs.get(container, name))!
    throw new Error('no blob')
  }
  return { ...h, submit, drain, bytes, read: (id: string) => readMail(deps, tenant, id) }
}
