/** Removing a tenant step by step: crashes, refusals and delays, in stores in memory. */
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../lib/errors.js'
import { adminFlows } from '../../lib/flows/admin/index.js'
import { continueRemovals, removeTenant } from '../../lib/flows/admin/remove-tenant.js'
import { prepareStorage } from '../../lib/flows/ops/prepare-storage.js'
import { emitEvent } from '../../lib/flows/tell/emit-event.js'
import { tokenFlows } from '../../lib/flows/tokens/index.js'
import { newId, sha256 } from '../../lib/model/ids.js'
import { containerNames, logNames, storageNames, type tableNames } from '../../lib/model/names.js'
import type { Toolbox } from '../../lib/ports/toolbox.js'
import { raiseAttention } from '../../lib/rows/attention.js'
import { setDue } from '../../lib/rows/due.js'
import { takeHold } from '../../lib/rows/holders.js'
import { writeLog } from '../../lib/rows/logs.js'
import { mailboxPartition } from '../../lib/rows/mailboxes.js'
import { sealKeys } from '../../lib/rows/seal-keys.js'
import type { Secret } from '../../lib/secret.js'
import { memoryBlobs } from '../../lib/stores/memory-blobs.js'
import { memoryQueues } from '../../lib/stores/memory-queues.js'
import { memoryTables } from '../../lib/stores/memory-tables.js'
import { memoryVault } from '../../lib/stores/memory-vault.js'
import { registrationInput } from '../support/connect/connect-site.js'
import { everyAttention } from '../support/general/every.js'
import { toolbox } from '../support/general/toolbox.js'
import { CrashError, manualClock } from '../support/send/send-harness.js'

const minute = 60_000
const writes = ['insert', 'update', 'upsert', 'remove', 'transaction', 'ensure', 'put', 'send', 'set', 'purge']

/** Dies when the answer of its n-th write is on the way: what is between two writes changes nothing. */
function mortal<T extends object>(store: T, life: { writes: number; endsAt: number }): T {
  const died = (): boolean => life.writes >= life.endsAt
  return new Proxy(store, {
    get(target, key) {
      const method = Reflect.get(target, key) as (...input: unknown[]) => unknown
      if (!writes.includes(String(key)))
        return (...input: unknown[]) => {
          if (died()) throw new CrashError('dead')
          return method.apply(target, input)
        }
      return async (...input: unknown[]) => {
        if (died()) throw new CrashError('dead')
        const result = await method.apply(target, input)
        life.writes += 1
        if (died()) throw new CrashError(`died after write ${life.writes}`)
        return result
      }
    },
  })
}

const names = storageNames('tst')
const operator = { role: 'operator', tenant: '~', keyId: 'test' } as const

/** Two tenants with everything a tenant can own, in memory; names that begin alike. */
async function world() {
  const clock = manualClock()
  const vault = memoryVault()
  const written: string[] = []
  const secrets: Record<string, string[]> = {}
  const stores = {
    tables: memoryTables(clock),
    queues: memoryQueues(clock),
    blobs: memoryBlobs(),
    vault: {
      ...vault,
      set: async (name: string, value: Secret) => {
        written.push(name)
        return vault.set(name, value)
      },
    },
  }
  const process = (endsAt = Number.POSITIVE_INFINITY) => {
    const life = { writes: 0, endsAt }
    const deps = toolbox({
      names,
      tables: mortal(stores.tables, life),
      queues: mortal(stores.queues, life),
      blobs: mortal(stores.blobs, life),
      vault: mortal(stores.vault, life),
      clock: { now: clock.now, sleep: async () => {} },
      worker: newId(),
    })
    return { deps, life }
  }
  const { deps } = process()
  await prepareStorage(deps)
  await sealKeys(deps)
  for (const tenant of ['acme', 'acme-2']) {
    written.length = 0
    await fill(deps, tenant)
    secrets[tenant] = [...written]
  }
  return { clock, stores, process, secrets }
}

const vaultRefuses = new GatewayError('vault_forbidden', 'needs-admin', {
  description: 'Key Vault refuses access.',
  remedy: 'Give the identity its role.',
})

const toOperators = async (deps: Toolbox) => (await everyAttention(deps, '~')).filter(({ tenant }) => tenant === '~')

/** Journal rows of the tenant without end. */
const busyLog = ({ tables }: Toolbox): Toolbox['tables']['query'] =>
  async function* (table, where, ...more) {
    if (table !== names.table('mails')) return yield* tables.query(table, where, ...more)
    for (let n = 0; n < 6_000; n++) yield { partitionKey: 'acme~x', rowKey: `row${n}` }
  }

const marker = (tenant: string): string => `marker of ${tenant}!`

/** As many writes each time, whatever the random ids: `emitEvent` schedules the webhook. */
async function fill(deps: Toolbox, tenant: string): Promise<void> {
  const text = marker(tenant)
  const { tables } = deps
  const now = deps.clock.now()
  await adminFlows.createTenant(deps, { id: tenant, name: text })
  await adminFlows.createApiKey(deps, { caller: operator, tenant }, { role: 'app', name: text })
  await adminFlows.addReturnUrl(deps, tenant, 'https://app.example/back')
  await adminFlows.addEndpoint(deps, tenant, 'https://app.example/hook')
  const input = { ...registrationInput, name: text }
  await adminFlows.saveRegistration(deps, { tenant }, input)
  const [mailboxId, connectionId, mailId, signInId] = [newId(), newId(), newId(), newId()]
  const partitionKey = mailboxPartition(tenant, mailboxId)
  const address = `${tenant}@customer.example`
  const put = (table: (typeof tableNames)[number], partition: string, rowKey: string) =>
    tables.upsert(names.table(table), { partitionKey: partition, rowKey, v: 1, text, address, mailboxId })
  await takeHold(deps, { tenant, mailboxId, address })
  for (const rowKey of ['mailbox', 'receiving', 'lane~0']) await put('mailboxes', partitionKey, rowKey)
  for (const rowKey of ['default', 'key~abc', 'address~x']) await put('names', tenant, rowKey)
  for (const rowKey of ['setting~tenant', 'setting~purpose-x']) await put('tenants', tenant, rowKey)
  await put('connections', `${tenant}~${connectionId}`, 'connection')
  await tokenFlows.storeGrant(deps, { tenant, connectionId, grant: { kind: 'password', password: text } })
  await put('mails', `${tenant}~${mailId.slice(0, 2)}`, mailId)
  for (const rowKey of [`d~1~${mailId}`, `u~1~${mailId}`]) await put('outbox', partitionKey, rowKey)
  for (const rowKey of ['h~1', 't~1']) await put('received', partitionKey, rowKey)
  await put('deliveries', `${tenant}~${newId()}`, '1~2')
  await put('signins', signInId.slice(0, 2), signInId)
  for (const kind of ['poll', 'lane'] as const) await setDue(deps, { kind, tenant, id: mailboxId }, now)
  await setDue(deps, { kind: 'grant', tenant, id: connectionId }, now)
  await setDue(deps, { kind: 'signin', tenant, id: signInId }, now)
  await raiseAttention(deps, { tenant, kind: 'mailbox-send', id: mailboxId }, {
    code: text,
    description: '',
    remedy: '',
  } as never)
  for (const name of logNames) await writeLog(deps, name, { tenant, code: text, failed: true })
  for (const name of containerNames)
    await deps.blobs.put(names.container(name), { name: `${tenant}/${newId()}`, bytes: Buffer.from(text) })
  await emitEvent(deps, {
    tenant,
    type: 'mail.sent',
    id: newId(),
    data: {
      ...{ mailId: text, mailboxId: text, messageId: text },
      ...{ attempts: 1, refusedCount: 0, metadata: {} },
    },
  })
}

type Stores = Awaited<ReturnType<typeof world>>['stores']

/** Rows and blobs that name the tenant in key or content; nothing of the vault, which the tests look at themselves. */
async function left(stores: Stores, tenant: string): Promise<string[]> {
  const found: string[] = []
  const isIts = (text: string): boolean => new RegExp(`\\b${tenant}(?!-)\\b`).test(text)
  for (const table of [...(await stores.tables.list('tst')), names.holders])
    for await (const row of stores.tables.query(table, { partitionRange: ['', '\u{ffff}'] })) {
      const { etag: _, ...columns } = row
      const text = `${table} ${JSON.stringify(columns)}`
      if (isIts(text)) found.push(text)
    }
  for (const name of containerNames)
    for await (const { name: blob } of stores.blobs.list(names.container(name), ''))
      if (isIts(blob)) found.push(`${name} ${blob}`)
  return found
}

const tombstone = (text: string): boolean => text.startsWith('tsttenants') && text.includes('"state":"removed"')
const isTrace = (text: string): boolean => text.includes('tenant-removed')

async function finishRemoval(w: Awaited<ReturnType<typeof world>>): Promise<void> {
  for (let pass = 0; pass < 4; pass++) {
    w.clock.advance(6 * minute)
    await continueRemovals(w.process().deps)
  }
}

describe('removing a tenant', () => {
  test('SEC-44: a crash after any step is repaired by the next pass: a tombstone, and nothing of the neighbour touched', async () => {
    const dry = await world()
    const before = await left(dry.stores, 'acme')
    expect(before.length).toBeGreaterThan(30)
    expect(before.some((text) => text.includes(marker('acme')))).toBe(true)
    const measured = dry.process()
    await removeTenant(measured.deps, 'acme')
    const firstPass = measured.life.writes
    dry.clock.advance(6 * minute)
    await continueRemovals(measured.deps)
    const all = measured.life.writes
    expect(all).toBeGreaterThan(50)
    expect(dry.secrets['acme']).toHaveLength(3)
    for (let step = 1; step <= all; step++) {
      const w = await world()
      const neighbour = sha256(JSON.stringify(await left(w.stores, 'acme-2')))
      // The answer of this very call is lost, and the process with it.
      const dying = w.process(step)
      const died = async (work: Promise<unknown>) => expect(await work.catch((e) => e)).toBeInstanceOf(CrashError)
      if (step <= firstPass) await died(removeTenant(dying.deps, 'acme'))
      else {
        await removeTenant(dying.deps, 'acme')
        w.clock.advance(6 * minute)
        await continueRemovals(dying.deps)
        expect(dying.life.writes).toBe(step)
      }
      const row = await w.stores.tables.get(names.table('tenants'), 'acme', 'tenant')
      // Not even marked: the operator saw an error and asks again.
      if (row?.['removedAt'] === '') await removeTenant(w.process().deps, 'acme')
      await finishRemoval(w)
      const rest = await left(w.stores, 'acme')
      expect(
        rest.filter((text) => !isTrace(text)),
        `step ${step}`,
      ).toHaveLength(1)
      expect(
        rest.filter((text) => !isTrace(text) && !tombstone(text)),
        `step ${step}`,
      ).toEqual([])
      expect(sha256(JSON.stringify(await left(w.stores, 'acme-2'))), `step ${step}`).toBe(neighbour)
      for (const name of w.secrets['acme']!) {
        expect(await w.stores.vault.get(name), `step ${step}`).toBeUndefined()
        expect(await w.stores.vault.purge(name), `step ${step}`).toBe(false)
      }
      for (const name of w.secrets['acme-2']!) expect(await w.stores.vault.get(name)).toBeDefined()
      const events = ['acme', 'acme-2'].map((tenant) => w.stores.queues.take(names.eventsQueue(tenant)).length)
      expect(events, `step ${step}`).toEqual([0, 1])
    }
  }, 60_000)

  test('SEC-44 P-04: a removal that cannot continue is told to operators with the reason, once, until it is over', async () => {
    const w = await world()
    const { deps } = w.process()
    const told = () => toOperators(deps)
    const refusing = {
      ...deps,
      vault: { ...deps.vault, remove: () => Promise.reject(vaultRefuses) },
    }
    await expect(removeTenant(refusing, 'acme')).rejects.toBe(vaultRefuses)
    w.clock.advance(59 * minute)
    await continueRemovals(refusing)
    expect(await told()).toEqual([])
    for (let pass = 0; pass < 3; pass++) {
      w.clock.advance(minute)
      await continueRemovals(refusing)
    }
    expect(await told()).toMatchObject([
      {
        kind: 'removal',
        id: 'acme',
        code: 'removal_late',
        whoActs: 'Gateway operator',
        subject: 'acme',
        description: expect.stringMatching(
          /^The removal of tenant acme has been running for 1 hours.*Key Vault refuses access\.$/,
        ),
        remedy: 'Give the identity its role.',
      },
    ])
    await continueRemovals(deps)
    expect(await w.stores.tables.get(names.table('tenants'), 'acme', 'tenant')).toMatchObject({ state: 'removed' })
    expect(await told()).toEqual([])
  })

  test('SEC-44: a removal that merely takes long is told after a day', async () => {
    const w = await world()
    const { deps } = w.process()
    await removeTenant(deps, 'acme')
    // More than one pass may delete, each time again.
    const endless = { ...deps, tables: { ...deps.tables, query: busyLog(deps) } }
    w.clock.advance(23 * 60 * minute)
    await continueRemovals(endless)
    expect(await toOperators(deps)).toEqual([])
    w.clock.advance(60 * minute)
    await continueRemovals(endless)
    expect(await toOperators(deps)).toMatchObject([
      { code: 'removal_late', remedy: expect.stringContaining('the sweep continues each minute') },
    ])
  })
})
