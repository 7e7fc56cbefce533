/** A12: a session of the console is a row: it ends for every process when the row, the key or the key's role goes. */
import { expect, test } from 'vitest'
import { createApiKey, revokeApiKey } from '../../../lib/flows/admin/api-keys.js'
import { authenticate } from '../../../lib/flows/admin/authenticate.js'
import { beginConsoleSession, endConsoleSession, isConsoleSession } from '../../../lib/flows/admin/console-sessions.js'
import { newSession, sessionMs } from '../../../lib/http/console/console-session.js'
import type { Caller } from '../../../lib/model/caller.js'
import { removeEndedConsoleSessions } from '../../../lib/rows/console-sessions.js'
import { another } from '../../support/general/toolbox.js'
import { manualClock } from '../../support/send/send-harness.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const operator = { role: 'operator', tenant: '~', keyId: 'test' } as const
type Deps = Awaited<ReturnType<typeof memoryStores>>

async function place() {
  const clock = manualClock()
  const deps = await memoryStores(clock)
  const { id, key } = await createApiKey(
    deps,
    { caller: operator, tenant: 'acme' },
    { role: 'tenant-admin', name: 'on call' },
  )
  const caller = await authenticate(deps, key.reveal())
  const session = newSession(key.reveal(), clock.now())
  await beginConsoleSession(deps, caller, session)
  const rows = async () => {
    const found: string[] = []
    const range = { partition: 'acme', rowRange: ['session~', 'session~~'] as [string, string] }
    for await (const row of deps.tables.query(deps.names.table('tenants'), range)) found.push(JSON.stringify(row))
    return found
  }
  return { clock, deps, caller, session, rows, keyId: id, key: key.reveal() }
}

test('A12: a sign-out ends it here at once and elsewhere within ten seconds', async () => {
  const { clock, deps, caller, session } = await place()
  const elsewhere = another(deps)
  expect(await isConsoleSession(deps, caller, session.id)).toBe(true)
  expect(await isConsoleSession(elsewhere, caller, session.id)).toBe(true)
  await endConsoleSession(deps, 'acme', session.id)
  expect(await isConsoleSession(deps, caller, session.id)).toBe(false)
  clock.advance(9_999)
  expect(await isConsoleSession(elsewhere, caller, session.id), 'remembered').toBe(true)
  clock.advance(1)
  expect(await isConsoleSession(elsewhere, caller, session.id)).toBe(false)
})

test('A12: within ten seconds a page costs no request, and what was not found is asked for again', async () => {
  const { deps, caller, session } = await place()
  let asked = 0
  const counting: Deps = {
    ...deps,
    tables: {
      ...deps.tables,
      get: (...input) => {
        asked += 1
        return deps.tables.get(...input)
      },
    },
  }
  for (let visit = 0; visit < 5; visit++) expect(await isConsoleSession(counting, caller, session.id)).toBe(true)
  expect(asked).toBe(1)
  for (let visit = 0; visit < 2; visit++) expect(await isConsoleSession(counting, caller, 'a'.repeat(26))).toBe(false)
  expect(asked).toBe(3)
})

test.each<[string, Partial<Caller>]>([
  ['another role', { role: 'app' }],
  ['another key', { keyId: 'bbbbbbbb' }],
  ['another tenant', { tenant: 'globex' }],
])('A12: it is no session of %s', async (_name, change) => {
  const { deps, caller, session } = await place()
  expect(await isConsoleSession(deps, { ...caller, ...change }, session.id)).toBe(false)
  expect(await isConsoleSession(deps, caller, session.id), 'control').toBe(true)
})

test('A12: a role that changed ends it also where it is remembered', async () => {
  const { deps, caller, session } = await place()
  expect(await isConsoleSession(deps, caller, session.id)).toBe(true)
  expect(await isConsoleSession(deps, { ...caller, role: 'operator' }, session.id)).toBe(false)
})

test('A12: a revoked key signs in nobody: here at once, elsewhere within a minute', async () => {
  const { clock, deps, keyId, key } = await place()
  const elsewhere = another(deps)
  await authenticate(elsewhere, key)
  await revokeApiKey(deps, { caller: operator, tenant: 'acme' }, keyId)
  await expect(authenticate(deps, key)).rejects.toMatchObject({ code: 'unauthorized' })
  clock.advance(60_000)
  await expect(authenticate(elsewhere, key)).rejects.toMatchObject({ code: 'unauthorized' })
})

test('A12: after eight hours it is over, and the sweep takes the rows of those alone', async () => {
  const { clock, deps, caller, session, rows } = await place()
  clock.advance(sessionMs - 1)
  const later = newSession('x', clock.now())
  await beginConsoleSession(deps, caller, later)
  await removeEndedConsoleSessions(deps)
  expect(await rows()).toHaveLength(2)
  expect(await isConsoleSession(another(deps), caller, session.id)).toBe(true)
  clock.advance(1)
  expect(await isConsoleSession(another(deps), caller, session.id)).toBe(false)
  await removeEndedConsoleSessions(deps)
  expect(await rows()).toHaveLength(1)
  expect(await isConsoleSession(another(deps), caller, later.id)).toBe(true)
})

test('A12: the row holds neither the key nor what the form token is made of', async () => {
  const { rows, session, key } = await place()
  const text = (await rows()).join()
  expect(text).toContain(session.id)
  expect(text).not.toContain(session.secret)
  expect(text).not.toContain(key.split('_').at(-1))
})
