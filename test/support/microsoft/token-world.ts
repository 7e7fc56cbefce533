/** Connections with grants at the emulated Microsoft 365, and processes that use them, with a clock that tests move. */
import { afterEach, beforeEach } from 'vitest'
import type { Connection } from '../../../lib/model/connection.js'
import { newId } from '../../../lib/model/ids.js'
import { storageNames } from '../../../lib/model/names.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { mailScopes } from '../../../lib/providers/microsoft-scopes.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { connectAccount } from '../connect/connect-account.js'
import { toolbox } from '../general/toolbox.js'
import { memoryStores } from '../storage/memory-stores.js'
import { type Microsoft365, registerDemo, startMicrosoft365 } from './microsoft-365.js'

export const tenant = 'acme'
export const ana = 'ana@contoso.example'
export const names = storageNames('test')
export const scopes = mailScopes({ receive: 'graph', send: 'smtp' })
export const minute = 60_000

export const time = { now: 0 }
export let world: Microsoft365
export let tables: Toolbox['tables']
export let vault: Toolbox['vault']
export let queues: MemoryQueues

/** One process: its own memory in front of the shared storage. `over` lets it fail where a test wants. */
export function process(over: { tables?: Partial<typeof tables>; vault?: Partial<typeof vault> } = {}): Toolbox {
  return toolbox({
    names,
    tables: { ...tables, ...over.tables },
    queues,
    vault: { ...vault, ...over.vault },
    clock: { now: () => time.now, sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms / 10)) },
    worker: newId(),
    // The same server as one with long overlap, and as one that wants every rotation kept.
    providers: { microsoft: world.provider, oauth2: world.provider },
  })
}

export async function connect(provider: 'microsoft' | 'oauth2', upn = ana): Promise<Connection> {
  const wanted = provider === 'microsoft' ? scopes.consent : scopes.token('graph')
  const first = await world.signIn(upn, scopes.token('graph'), wanted)
  const connection = await connectAccount(process(), first, { provider, username: upn, scopes: wanted })
  world.entra.control.reset()
  return connection
}
export const grantRow = async (id: string) =>
  (await tables.get(names.table('connections'), `${tenant}~${id}`, 'grant'))!
export const refreshes = () =>
  world.entra.control.requests.filter((one) => one.form['grant_type'] === 'refresh_token').length
export const changes = () =>
  (queues.take(names.eventsQueue(tenant)) as { type: string; data: object }[]).filter(
    (event) => event.type === 'connection.changed',
  )

/** A new Microsoft 365 and new stores for each test. */
export function useTokenWorld(): void {
  beforeEach(async () => {
    time.now = Date.parse('2026-11-21T12:00:00Z')
    const clock = { now: () => time.now }
    world = await startMicrosoft365(clock)
    const stores = await memoryStores({ ...clock, sleep: async () => {} })
    ;({ tables, vault, queues } = stores)
    await registerDemo(stores)
  })
  afterEach(() => world.stop())
}
