/** How the Graph emulator tells each lie to those who send; each mailbox has a Graph, and a clock, of its own. */
import type { MailState } from '../../../lib/model/mail.js'
import type { FaultOrder } from '../../../local/emulators/faults.js'
import { startGraph } from '../../../local/emulators/graph/start-graph.js'
import { startMicrosoft365 } from '../microsoft/microsoft-365.js'
import type { LyingSender, SenderLies, SenderLyingWorld, SenderWay } from './sender-lies.js'
import { graphSubjectIn, sendOnlySubjectIn } from './sender-subjects.js'

let mailboxes = 0

export const graphSenderLyingWorld = (): Promise<SenderLyingWorld> => lyingWorld(graphSubjectIn, liesOfDrafts)

/** Where the grant may send and nothing else, what cannot be looked up is left to a person. */
export const graphSendOnlyLyingWorld = (): Promise<SenderLyingWorld> => lyingWorld(sendOnlySubjectIn, liesOfOneCall)

async function lyingWorld(subjectIn: typeof graphSubjectIn, liesOf: typeof liesOfDrafts): Promise<SenderLyingWorld> {
  const world = await startMicrosoft365()
  const lying = async (order: FaultOrder): Promise<LyingSender> => {
    let ahead = 0
    const { directory, entra } = world
    const graph = await startGraph({ directory, entra, clock: () => Date.now() + ahead })
    const { upn } = directory.addUser({ upn: `liar${++mailboxes}@contoso.example` })
    const subject = await subjectIn(world, graph, upn)
    graph.control.fail(order)
    return {
      ...subject,
      async pass(ms) {
        ahead += ms
        // What is late is carried out before whatever is asked next.
        await fetch(graph.url, { redirect: 'manual' })
      },
      stop: () => graph.stop(),
    }
  }
  const name = (order: FaultOrder): string => JSON.stringify(order).replaceAll('"', '')
  return {
    lies: liesOf((state, order) => [name(order), () => lying(order), state]),
    stop: () => world.stop(),
  }
}

const liesOfDrafts = (way: (state: MailState, order: FaultOrder) => SenderWay): SenderLies => ({
  'takes the mail and is gone before its answer': [
    way('sent', { name: '504-but-delivered' }),
    way('sent', { name: 'drop-after-delivered' }),
    way('sent', { kind: 'draft', name: 'drop-after' }),
  ],
  'takes nothing and is gone before its answer': [
    way('sent', { kind: 'send', drop: true }),
    way('sent', { kind: 'send', status: 504 }),
  ],
  // A service in front gave up while the mailbox server went on.
  'answers too late': [
    way('sent', { name: '504-delivered-late' }),
    way('sent', { name: '504-delivered-late', lateMs: 280_000, lateOf: 'copy' }),
  ],
  'answers twice': { cannot: 'an HTTP request has one answer' },
  'says yes before it has the mail': { cannot: 'a send call carries nothing, its draft is complete before' },
  'takes the mail for some of its recipients': {
    cannot: 'Graph takes all recipients or none, and reports later by mail',
  },
  'answers with a code nobody knows': [
    way('sent', { kind: 'send', status: 299, after: true }),
    way('sent', { kind: 'send', status: 299 }),
    way('failed', { kind: 'send', status: 418, code: 'ErrorTeapot' }),
    way('sent', { kind: 'send', status: 599, code: 'ErrorTeapot', after: true }),
  ],
  'says yes and no in one answer': [way('sent', { kind: 'send', body: 'error', code: 'ErrorServerBusy' })],
  'answers something that is no answer': [
    way('sent', { kind: 'send', body: 'html' }),
    way('sent', { kind: 'send', body: 'html', contentType: 'application/json' }),
    way('sent', { kind: 'draft', body: 'truncated' }),
  ],
  'forgets what it was given': [
    way('sent', { kind: 'send', status: 404, code: 'ErrorItemNotFound' }),
    way('sent', { kind: 'send', status: 404, code: 'ErrorItemNotFound', after: true }),
  ],
  'finds a mail too large that is not': [
    way('failed', { kind: 'draft', status: 413 }),
    way('failed', { kind: 'send', status: 413, code: 'ErrorMessageSizeExceeded' }),
  ],
  'breaks off before it has the mail': [way('sent', { kind: 'draft', drop: true })],
  'is busy for now': [
    way('sent', { kind: 'draft', status: 429, retryAfter: 7 }),
    way('sent', { kind: 'send', status: 429, retryAfter: 7 }),
    way('sent', { kind: 'send', status: 503 }),
  ],
})

const liesOfOneCall: typeof liesOfDrafts = (way) => ({
  ...liesOfDrafts(way),
  'takes the mail and is gone before its answer': [
    way('unknown', { name: '504-but-delivered' }),
    way('unknown', { name: 'drop-after-delivered' }),
  ],
  'takes nothing and is gone before its answer': [
    way('unknown', { kind: 'send', drop: true }),
    way('unknown', { kind: 'send', status: 504 }),
  ],
  'answers too late': { cannot: 'to one call this is a lost answer, as above' },
  'says yes before it has the mail': { cannot: 'the call that sends carries the whole mail' },
  'answers with a code nobody knows': [
    way('unknown', { kind: 'send', status: 299, after: true }),
    way('failed', { kind: 'send', status: 418, code: 'ErrorTeapot' }),
    way('unknown', { kind: 'send', status: 599, code: 'ErrorTeapot', after: true }),
  ],
  'says yes and no in one answer': { cannot: 'covered by the drafts: the call that sends is judged alike' },
  'answers something that is no answer': [way('unknown', { kind: 'send', body: 'html', status: 502 })],
  'forgets what it was given': { cannot: 'it was given nothing before the call' },
  'finds a mail too large that is not': [
    way('failed', { kind: 'send', status: 413 }),
    way('failed', { kind: 'send', status: 413, code: 'ErrorMessageSizeExceeded' }),
  ],
  'breaks off before it has the mail': [way('unknown', { kind: 'send', drop: true })],
  'is busy for now': [way('sent', { kind: 'send', status: 429, retryAfter: 7 })],
})
