/** A mailbox whose server takes a mail and never says so. */
import { QueueClient } from '@azure/storage-queue'
import { inject } from 'vitest'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { newId } from '../../../lib/model/ids.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Mailbox } from '../../../lib/model/mailbox.js'
import { connectionIdsOf } from '../../../lib/model/transports.js'
import type { Authority } from '../../../lib/ports/authority.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { changeLane } from '../../../lib/rows/lane.js'
import { toRow } from '../../../lib/rows/mailboxes.js'
import { Secret } from '../../../lib/secret.js'
import { connectAs } from '../connect/connect-as.js'
import { everyAttention } from '../general/every.js'
import { stopsAfterEach } from '../general/stops-after-each.js'
import { azuriteStores } from '../storage/azurite-stores.js'
import { sendHarness } from './send-harness.js'

const { acceptMail, drainLane, readMail, resolveMail } = sendFlows
const connectionString = inject('azurite')
export const stops: (() => Promise<unknown>)[] = []

export const ana = 'ana@contoso.example'
export const ben = 'ben@contoso.example'
export const password = 'canary-Pass-4711'
export const hour = 3_600_000

/** The send flows on real storage with a mailbox as given; `hours` moves the time and lets the lane work. */
export async function world(mailbox: Partial<Mailbox>, deps: Partial<Toolbox>, authority: Authority = byPassword) {
  const stores = azuriteStores({ connectionString })
  const h = await sendHarness({ stores, environment: `u${newId().slice(0, 6)}`, realTime: true })
  await stores.tables.upsert(h.deps.names.table('mailboxes'), toRow({ ...h.mailbox, ...mailbox }))
  for (const id of connectionIdsOf({ ...h.mailbox, ...mailbox }))
    await connectAs(h.deps, id, authority, { identity: { issuer: '', subject: '', username: ana } })
  let ahead = 0
  Object.assign(h.deps, deps, { clock: { ...h.clock, now: () => Date.now() + ahead } })
  const work = { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id }
  const drain = () => drainLane(h.deps, work)
  return {
    ...h,
    work,
    drain,
    /** The lease of a worker that stands still is over. */
    leaseEnds: () => changeLane(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id }, () => ({ leaseUntil: 0 })),
    /** Time passes and nobody works. */
    pass(ms: number) {
      ahead += ms
    },
    async later(ms: number) {
      ahead += ms
      await drain()
    },
    async send(whenUnknown: 'stop' | 'resend' = 'stop') {
      const wish = { mailboxId: h.mailbox.id, to: [ben], subject: 'Offer', text: 'Hello', whenUnknown }
      const { mail } = await acceptMail(h.deps, h.tenant, { submission: parseMailSubmission(wish) })
      await drain()
      return mail.id
    },
    read: (id: string) => readMail(h.deps, h.tenant, id),
    resolve: (id: string, outcome: 'sent' | 'not-sent' | 'resend') => resolveMail(h.deps, h.tenant, { id, outcome }),
    attention: () => everyAttention(h.deps, h.tenant),
    async events() {
      const queue = new QueueClient(connectionString, h.deps.names.eventsQueue(h.tenant))
      const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32 })
      return receivedMessageItems.map((item) => JSON.parse(Buffer.from(item.messageText, 'base64').toString()))
    },
  }
}

const byPassword = { kind: 'password', user: ana, password: new Secret(password) } as const

export const messageIds = (mails: { raw: Buffer }[]) =>
  mails.map(({ raw }) => /^Message-ID: (.*)\r$/im.exec(String(raw))?.[1])

/** Stops after each test what it started. */
export function useUnknownOutcomes(): void {
  stopsAfterEach(stops)
}
