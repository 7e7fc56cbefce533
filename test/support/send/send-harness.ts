import { GatewayError } from '../../../lib/errors.js'
import { hashId, newId } from '../../../lib/model/ids.js'
import type { Mailbox } from '../../../lib/model/mailbox.js'
import { containerNames, queueNames, storageNames, tableNames } from '../../../lib/model/names.js'
import type { Blobs } from '../../../lib/ports/blobs.js'
import type { Queues } from '../../../lib/ports/queues.js'
import type { Evidence, OutgoingMail, Sender, SendReceipt } from '../../../lib/ports/sender.js'
import type { Tables } from '../../../lib/ports/tables.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { toRow } from '../../../lib/rows/mailboxes.js'
import { memoryBlobs } from '../../../lib/stores/memory-blobs.js'
import { memoryQueues } from '../../../lib/stores/memory-queues.js'
import { memoryTables } from '../../../lib/stores/memory-tables.js'
import { memoryVault } from '../../../lib/stores/memory-vault.js'
import { connectAs } from '../connect/connect-as.js'
import { sampleMailbox } from '../general/sample-mailbox.js'
import { everySender, providerOfNobody, shipped, toolbox } from '../general/toolbox.js'

/** Time that only tests move; sleeping ends when it is aborted. */
export function manualClock(start = Date.UTC(2026, 0, 5, 8)) {
  let now = start
  return {
    now: () => now,
    advance: (ms: number) => {
      now += ms
    },
    sleep: (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      }),
  }
}

/** The process died here: this call and all later ones fail. */
export class CrashError extends Error {}

export interface Fuse {
  calls: number
  byStore: Record<string, number>
  /** Crash before (`even`) or after (`odd`) the n-th half step; Infinity: never. */
  crashAt: number
  dead: boolean
}

export const fuse = (crashAt = Number.POSITIVE_INFINITY): Fuse => ({ calls: 0, byStore: {}, crashAt, dead: false })

/** Counts requests of a store and lets the process die before or after any of them. */
export function wired<T extends object>(store: T, name: string, state: Fuse): T {
  const step = (half: number): void => {
    if (state.dead || half >= state.crashAt) {
      state.dead = true
      throw new CrashError(`crashed at ${half}`)
    }
  }
  const count = (): number => {
    state.calls += 1
    state.byStore[name] = (state.byStore[name] ?? 0) + 1
    return state.calls * 2
  }
  return new Proxy(store, {
    get(target, key) {
      const method = Reflect.get(target, key) as (...input: unknown[]) => unknown
      if (key === 'query' || (key === 'list' && name === 'blobs'))
        return async function* (...input: unknown[]) {
          const at = count()
          step(at)
          yield* method.apply(target, input) as AsyncIterable<unknown>
        }
      return async (...input: unknown[]) => {
        const at = count()
        step(at)
        const result = await method.apply(target, input)
        step(at + 1)
        return result
      }
    },
  })
}

export interface Sent {
  mailId: string
  messageId: string
  from: string
  recipients: string[]
  raw: string
}

type Answer = SendReceipt | GatewayError | undefined

/** A mail server that does as told and remembers what it took. */
export function scriptedSender() {
  const sent: Sent[] = []
  const sessions: number[] = []
  const script = {
    open: (): GatewayError | undefined => undefined,
    send: (_mail: OutgoingMail): Answer => undefined,
    /** After the mail was taken: the answer never arrives. */
    after: (_mail: OutgoingMail): GatewayError | undefined => undefined,
    lookUp: undefined as ((messageId: string) => 'sent' | 'not-sent' | 'undecided') | undefined,
  }
  const sender: Sender = {
    async open() {
      const refused = script.open()
      sessions.push(0)
      if (refused) throw refused
      return {
        async send(mail: OutgoingMail, handingOver: (evidence: Evidence) => Promise<void>) {
          const answer = script.send(mail)
          if (answer instanceof GatewayError) throw answer
          await handingOver({})
          sessions[sessions.length - 1] = (sessions.at(-1) ?? 0) + 1
          const { mailId, messageId, from, recipients, raw } = mail
          sent.push({ mailId, messageId, from, recipients, raw: Buffer.from(raw).toString('latin1') })
          const lost = script.after(mail)
          if (lost) throw lost
          return answer ?? { refused: [], reply: '250 2.0.0 taken' }
        },
        async close() {},
      }
    },
    async lookUp(_target, _authority, mail) {
      return script.lookUp?.(mail.messageId) ?? 'undecided'
    },
  }
  return { sender, sent, sessions, script }
}

export interface Harness {
  deps: Toolbox
  clock: ReturnType<typeof manualClock>
  peer: ReturnType<typeof scriptedSender>
  state: Fuse
  tenant: string
  mailbox: Mailbox
  /** A second process on the same storage. */
  process(crashAt?: number): { deps: Toolbox; state: Fuse; stop(): void }
  stores: { tables: Tables; queues: Queues; blobs: Blobs }
}

export async function sendHarness(
  options: { stores?: { tables: Tables; queues: Queues; blobs: Blobs }; environment?: string; realTime?: boolean } = {},
): Promise<Harness> {
  const clock = options.realTime ? { ...manualClock(), now: () => Date.now(), advance: () => {} } : manualClock()
  const stores = options.stores ?? {
    tables: memoryTables({ now: clock.now }),
    queues: memoryQueues({ now: clock.now }),
    blobs: memoryBlobs({ now: clock.now }),
  }
  const names = storageNames(options.environment ?? 'tst')
  const tenant = 'acme'
  const peer = scriptedSender()
  const connectionId = newId()
  const mailbox = sampleMailbox({
    key: 'sales',
    address: 'sales@acme.example',
    displayName: 'Acme Sales',
    purpose: 'offers',
    send: {
      transport: 'smtp',
      connectionId,
      smtp: { host: 'mail.acme.example', port: 465, tls: 'implicit', messagesPerSession: 3 },
    },
    sendAs: ['info@acme.example'],
    epoch: 0,
    createdAt: new Date(clock.now()).toISOString(),
  })
  for (const name of tableNames) await stores.tables.ensure(names.table(name))
  for (const name of containerNames) await stores.blobs.ensure(names.container(name))
  for (const name of queueNames) await stores.queues.ensure(names.queue(name))
  await stores.queues.ensure(names.eventsQueue(tenant))
  await stores.tables.insert(names.table('mailboxes'), toRow(mailbox))
  const shared = {
    names,
    clock,
    vault: memoryVault(),
    providers: { microsoft: providerOfNobody },
    config: { ...shipped, messagesPerSession: 3 },
  }
  await connectAs(toolbox({ ...shared, ...stores }), connectionId, { kind: 'anonymous' })
  await stores.tables.insert(names.table('tenants'), { partitionKey: tenant, rowKey: 'tenant', v: 1 })
  for (const rowKey of ['default', 'key~sales', `address~${hashId(mailbox.address)}`])
    await stores.tables.insert(names.table('names'), { partitionKey: tenant, rowKey, v: 1, mailboxId: mailbox.id })

  const process = (crashAt?: number) => {
    const state = fuse(crashAt)
    const stopping = new AbortController()
    const deps: Toolbox = toolbox({
      ...shared,
      tables: wired(stores.tables, 'tables', state),
      queues: wired(stores.queues, 'queues', state),
      blobs: wired(stores.blobs, 'blobs', state),
      worker: `worker-${newId().slice(0, 6)}`,
      stopping: stopping.signal,
      senders: everySender(peer.sender),
    })
    return { deps, state, stop: () => stopping.abort(new Error('stopping')) }
  }
  const { deps, state } = process()
  return { deps, clock, peer, state, tenant, mailbox, process, stores }
}

export const faultOf = (
  errorClass: 'transient' | 'permanent' | 'needs-reconnect' | 'needs-admin',
  details: ConstructorParameters<typeof GatewayError>[2] = {},
  code = `test_${errorClass.replace('-', '_')}`,
): GatewayError =>
  new GatewayError(code, errorClass, { outcome: 'not-sent', peerLine: '4xx or 5xx, verbatim', ...details })
