/**
 * How the Graph emulator tells each lie; each mailbox has a Graph of its own. Authority: Microsoft Graph, "Use delta query
 * to track changes in Microsoft Graph data" (entries may come again, pages may be empty) and "Best practices" (handle
 * expected errors).
 */
import type { FaultOrder } from '../../../local/emulators/faults.js'
import type { GraphLie } from '../../../local/emulators/graph/graph-lies.js'
import { type Graph, startGraph } from '../../../local/emulators/graph/start-graph.js'
import { startMicrosoft365 } from '../microsoft/microsoft-365.js'
import type { LyingMailbox, LyingWorld, ReceiverLies, Way } from './receiver-lies.js'
import { graphMailbox } from './receiver-subjects.js'

interface Mailbox extends LyingMailbox {
  graph: Graph
}

export async function graphLyingWorld(): Promise<LyingWorld> {
  const world = await startMicrosoft365()
  const { directory, entra } = world
  return {
    async newMailbox(): Promise<Mailbox> {
      const graph = await startGraph({ directory, entra })
      return {
        ...(await graphMailbox(world, graph)),
        graph,
        behave: () => graph.control.clearFaults(),
        bytesAsked: () => graph.control.counters.requests['mime'] ?? 0,
        stop: () => graph.stop(),
      }
    },
    lies,
    stop: () => world.stop(),
  }
}

const named = (order: object): string => JSON.stringify(order).replaceAll('"', '')
const control = (box: LyingMailbox) => (box as Mailbox).graph.control
const lie = (order: GraphLie): Way => [named(order), (box) => control(box).lie(order)]
const lieOfMail = (order: GraphLie): Way => [named(order), (box, subject) => control(box).lie({ ...order, subject })]
const fault = (order: FaultOrder, found: object = {}): Way => [named(order), (box) => control(box).fail(order), found]
const faultOfMail = (order: FaultOrder, found: object = {}): Way => [
  named(order),
  (box, subject) => control(box).fail({ ...order, subject }),
  found,
]

const hanging = ([name, tell]: Way): Way => [name, tell, {}, 'hangs']

const absent = [
  { status: 404 },
  { status: 404, code: 'ResourceNotFound' },
  { status: 404, code: 'itemNotFound' },
  { status: 400, code: 'ErrorInvalidIdMalformed' },
] as const
const refused = [
  { status: 403 },
  { body: 'html' },
  { body: 'empty' },
  { status: 500 },
  { status: 403, code: 'AccessDenied' },
  { status: 423 },
  { status: 501 },
  { status: 507 },
  { body: 'error', code: 'ErrorAccessDenied' },
] as const
const dates = [null, '0001-01-01T00:00:00Z', '2999-01-01T00:00:00Z', 'soon']
const always = { kind: 'mime', times: 'always' } as const

const lies: ReceiverLies = {
  'says more than it was asked': [
    lie({ lie: 'again' }),
    lie({ lie: 'stranger-removed' }),
    lieOfMail({ lie: 'removed', how: 'beside' }),
  ],
  'says it twice': [lie({ lie: 'order', how: 'doubled' })],
  'says it last first': [lie({ lie: 'order', how: 'reversed' })],
  'lists fewer mails than there are': [
    lieOfMail({ lie: 'property', name: 'id', value: null, times: 1 }),
    lieOfMail({ lie: 'property', name: 'id', value: '', times: 1 }),
  ],
  'lists a mail that is not there, once': [lie({ lie: 'stranger', times: 1 })],
  'lists numbers that no mail has': { cannot: 'ids of Graph are no numbers' },
  'says a mail is gone that is there': [lieOfMail({ lie: 'removed', how: 'instead' })],
  'lists a mail and does not give it, once': absent.map((how) => faultOfMail({ kind: 'mime', ...how })),
  'lists a mail and never gives it': [
    ...refused.map((how) => faultOfMail({ ...always, ...how })),
    ...absent.map((how) => faultOfMail({ ...always, ...how }, { code: 'mail_not_given' })),
  ],
  'gives another mail in its place, once': { cannot: 'the bytes of a mail do not say which id they belong to' },
  'gives an error page in its place, once': [
    faultOfMail({ kind: 'mime', body: 'html', contentType: 'application/xhtml+xml' }),
    faultOfMail({ kind: 'mime', body: 'html', contentType: 'application/octet-stream' }),
    faultOfMail({ kind: 'mime', body: 'error', code: 'ErrorServerBusy', contentType: 'text/plain' }),
    faultOfMail({ kind: 'mime', body: 'accepted' }),
  ],
  'gives half a mail and is gone, once': [
    faultOfMail({ kind: 'mime', lengthOff: 100 }),
    faultOfMail({ kind: 'mime', body: 'partial' }),
  ],
  'gives half a mail and is gone, for ever': [
    faultOfMail({ ...always, lengthOff: 100 }),
    faultOfMail({ ...always, body: 'partial' }),
  ],
  'breaks or floods the line at one mail, for ever': [
    faultOfMail({ ...always, drop: true }),
    hanging(faultOfMail({ ...always, delayMs: 2_500 })),
  ],
  'gives dates that cannot be': dates.flatMap((value) => [
    lie({ lie: 'property', name: 'receivedDateTime', value }),
    lieOfMail({ lie: 'property', name: 'receivedDateTime', value }),
  ]),
  'gives sizes that cannot be': { cannot: 'Graph names no size of a mail' },
  'gives counts that cannot be': { cannot: 'nobody asks Graph how many mails there are' },
  'says where its folder ends, and it does not': [
    lie({ lie: 'links', how: 'both' }),
    lie({ lie: 'links', how: 'none' }),
    lie({ lie: 'links', how: 'numbers' }),
    lie({ lie: 'ring', of: 1 }),
    lie({ lie: 'ring', of: 1, times: 2 }),
    lie({ lie: 'ring', of: 3 }),
  ],
  'gives its numbers anew and keeps silent about it': { cannot: 'ids of Graph are asked for as immutable ones' },
  'gives its numbers anew in each session': [fault({ kind: 'delta-link', status: 410, times: 'always' })],
  'refuses the state it gave, once': [
    { status: 410 },
    { status: 400, code: 'BadRequest' },
    { body: 'error', code: 'SyncStateNotFound' } as const,
    { status: 410, code: 'resyncRequired' },
    { status: 400, code: 'SyncStateNotFound' },
    { status: 400, code: 'ErrorInvalidUrlQuery' },
    { status: 404, code: 'ErrorItemNotFound' },
  ].map((how) => fault({ kind: 'delta-link', ...how })),
  'has a bad moment': [
    fault({ kind: 'delta', status: 503 }),
    fault({ kind: 'delta', body: 'error', code: 'ErrorServerBusy' }, { code: 'graph_errorserverbusy' }),
    fault({ kind: 'delta', status: 429, retryAfter: 999_999 }),
    fault({ kind: 'delta', status: 403 }, { code: 'graph_erroraccessdenied' }),
    fault({ kind: 'delta', drop: true }),
    fault({ kind: 'delta', body: 'html' }),
    fault({ kind: 'delta', body: 'truncated' }),
    ...(['none', 'text'] as const).map((how): Way => {
      const [name, tell] = lie({ lie: 'value', how, times: 1 })
      return [name, tell, { code: 'graph_answer_not_usable' }]
    }),
    ...[5_000, 1_000_000].map((entries): Way => {
      const [name, tell] = lie({ lie: 'stuffed', entries, times: 1 })
      return [name, tell, { code: 'graph_answer_too_large' }]
    }),
  ],
  'never comes to an end': [
    lie({ lie: 'empty-pages', pages: 130, times: 1 }),
    hanging(fault({ kind: 'delta', delayMs: 2_500, times: 'always' })),
  ],
  'refuses to change a mail': [{ status: 404 }, { status: 403 }, { status: 423 }, { status: 500 }].flatMap((how) => [
    faultOfMail({ kind: 'patch', ...how }),
    faultOfMail({ kind: 'patch', times: 'always', ...how }),
  ]),
}
