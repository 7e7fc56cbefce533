/** Mailboxes at the emulated Microsoft 365, each with the flow that polls it and the hands to make Graph lie about it. */
import { graphReceiver } from '../../../lib/transports/graph-receiver.js'
import type { FaultOrder } from '../../../local/emulators/faults.js'
import type { GraphLie } from '../../../local/emulators/graph/graph-lies.js'
import { headerOf } from '../../../local/emulators/graph/mime.js'
import { pollHarness } from '../receive/poll-harness.js'
import type { Microsoft365 } from './microsoft-365.js'

const named = (subject: string | number, body = `This is ${subject}.`): string =>
  `From: kim@example.com\r\nDate: Mon, 23 Nov 2026 08:00:00 +0000\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@x>\r\n\r\n${body}\r\n`
export const ids = (...subjects: (string | number)[]) => subjects.map((subject) => `<${subject}@x>`)
export const upTo = (mails: number): number[] => Array.from({ length: mails }, (_, n) => n + 1)

export type Order<T> = T extends unknown ? Omit<T, 'user'> : never
let boxes = 0

/** A mailbox with this many mails, named 1, 2, 3 …, and the flow that polls it. */
export async function graphBox(world: Microsoft365, mails: number, settings: Parameters<typeof pollHarness>[1] = {}) {
  const user = `lies.at.${++boxes}@contoso.example`
  const mailbox = world.directory.mailbox(world.directory.addUser({ upn: user }))
  const receiver = graphReceiver({ origins: world.origins })
  const authority = await world.authority(user)
  const receive = { transport: 'graph', folder: 'inbox' } as const
  const flow = await pollHarness({ address: user, receiver, authority, receive }, settings)
  const deliver = (subject: string | number, body?: string, receivedAt = Date.now()) =>
    mailbox.add('inbox', { raw: Buffer.from(named(subject, body)), receivedAt })
  for (const n of upTo(mails)) deliver(n)
  const kinds = () => world.graph.control.requests.filter((one) => one.mailbox === user).map(({ kind }) => kind)
  return {
    ...flow,
    user,
    mailbox,
    deliver,
    lie: (lie: Order<GraphLie>) => world.graph.control.lie({ ...lie, user } as GraphLie),
    fail: (fault: Omit<FaultOrder, 'user'>) => world.graph.control.fail({ ...fault, user }),
    behave: () => world.graph.control.clearFaults(),
    remove: (subject: string | number) => {
      for (const mail of mailbox.messages.values())
        if (headerOf(mail.raw, 'subject') === String(subject)) mailbox.remove(mail)
    },
    polls: async (times: number) => {
      for (let poll = 0; poll < times; poll++) await flow.poll()
    },
    outcomes: async () => (await flow.log()).map((row) => String(row['outcome'])),
    codes: async () => (await flow.log()).map((row) => String(row['code'] ?? '')),
    kinds,
    subjectsIn: (folder: string) => mailbox.in(mailbox.folder(folder)!).map(({ raw }) => headerOf(raw, 'subject')),
    /** What one poll asks of Graph. */
    costOf: async (polls = 1) => {
      const before = kinds().length
      for (let poll = 0; poll < polls; poll++) await flow.poll()
      return kinds().slice(before)
    },
  }
}
