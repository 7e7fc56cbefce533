import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Operation } from '../../lib/http/api/operation.js'
import { operations } from '../../lib/http/api/operations.js'
import type { Role } from '../../lib/model/caller.js'
import { type AdminSite, startAdminSite } from '../support/http/admin-site.js'
import { type ApiAnswer, callApi, type OperationKey } from '../support/http/api-call.js'
import { type ValidInput, validCalls } from '../support/http/valid-calls.js'
import { environmentDump } from '../support/storage/stored.js'

type Calls = Partial<Record<OperationKey, () => Promise<ValidInput>>>
let site: AdminSite
let victim: Awaited<ReturnType<AdminSite['tenant']>>
let attacker: Awaited<ReturnType<AdminSite['tenant']>>
let address: string
let calls: Calls
const keys: Record<string, Partial<Record<Role, string>>> = {}

const closed = (Object.entries(operations) as [OperationKey, Operation][]).filter(([, { roles }]) => roles.length > 0)
/** Those who may less come first: what they are refused must still be there for the others. */
const roles: Role[] = ['app', 'tenant-admin', 'operator']

beforeAll(async () => {
  site = await startAdminSite(inject('azurite'))
  victim = await site.tenant('victim')
  attacker = await site.tenant('attacker')
  const box = await site.mailbox(victim.id)
  address = box.address
  const { changes, reads } = await validCalls(site, victim, box)
  calls = { ...changes, ...reads }
  for (const { id, key } of [victim, attacker]) {
    const { json } = await callApi('keyCreate', { key, body: { role: 'app', name: 'app' } })
    keys[id] = { operator: site.operatorKey, 'tenant-admin': key, app: json.key }
  }
}, 60_000)
afterAll(() => site.stop())

test('the table of calls holds each operation that asks for a credential', () => {
  expect(Object.keys(calls).sort()).toEqual(closed.map(([key]) => key).sort())
})

test('M-002 A12: each route gives its documented success to each role it names, with valid input, and 403 to the others, always with the header set', async () => {
  for (const [name, operation] of closed) {
    let untouched: ValidInput | undefined
    for (const role of roles) {
      const valid = untouched ?? (await calls[name]!())
      const { by, ...input } = valid
      const isAllowed = operation.roles.includes(role)
      untouched = isAllowed ? undefined : valid
      const tenant = role === 'operator' && by === undefined ? { tenant: victim.id } : {}
      const { status, json } = await callApi(name, { key: keys[victim.id]![role]!, ...tenant, ...input })
      expect(status, `${name} as ${role}: ${JSON.stringify(json)}`).toBe(isAllowed ? operation.success[0] : 403)
    }
  }
}, 120_000)

/** What differs between two calls that are otherwise alike. */
const comparable = ({ status, json }: ApiAnswer): string =>
  JSON.stringify([status, json]).replace(/"(requestId|instance)":"[^"]*"/g, '')
const unknown = (id: string): string => 'a'.repeat(id.length)
/** Every id in the input is one that never was. */
const withUnknown = (input: ValidInput): ValidInput => {
  const blind = (values: Record<string, string>) =>
    Object.fromEntries(Object.entries(values).map(([name, id]) => [name, name === 'index' ? id : unknown(id)]))
  return input.params === undefined ? input : { ...input, params: blind(input.params) }
}

test('M-001 SEC-17: with valid input and real ids of another tenant, each route answers as for ids that never were: nothing read, nothing written', async () => {
  const named = closed.filter(
    ([, { route, roles: allowed }]) => route.includes('{') && allowed.includes('tenant-admin'),
  )
  expect(named.length).toBeGreaterThan(25)
  const inputs = new Map<OperationKey, ValidInput>()
  for (const [name] of named) inputs.set(name, await calls[name]!())
  const rows = async () =>
    (await environmentDump(inject('azurite'), process.env['ENVIRONMENT_ID'] ?? '')).filter((line) =>
      [victim.id, address].some((word) => line.includes(word)),
    )
  const before = await rows()
  expect(before.length).toBeGreaterThan(50)
  for (const [name, operation] of named)
    for (const role of ['tenant-admin', 'app'] as const) {
      const key = keys[attacker.id]![role]!
      const input = inputs.get(name)!
      const real = await callApi(name, { key, ...input })
      const about = `${name} as ${role}`
      expect(comparable(real), about).toBe(comparable(await callApi(name, { key, ...withUnknown(input) })))
      expect(real.status, about).toBe(operation.roles.includes(role) ? 404 : 403)
    }
  expect(await rows()).toEqual(before)
  // The control: its owner does reach each of them with the same input.
  const last = (name: string): number => Number(name === 'registrationRemove')
  for (const [name, operation] of named.toSorted(([one], [other]) => last(one) - last(other))) {
    const { status, json } = await callApi(name, { key: victim.key, ...inputs.get(name)! })
    expect(status, `${name}: ${JSON.stringify(json)}`).toBe(operation.success[0])
  }
}, 120_000)

test('M-001 SEC-17: lists of one tenant hold nothing of another, and an id in body or query opens nothing either', async () => {
  const own = await site.mailbox(victim.id)
  const traces = [own.mailboxId, own.connectionId, own.address, victim.registrationId, victim.id]
  const lists = closed.filter(
    ([, { method, route, roles: allowed }]) =>
      method === 'GET' && !route.includes('{') && allowed.includes('tenant-admin'),
  )
  expect(lists.length).toBeGreaterThan(8)
  for (const [name] of lists)
    for (const role of ['tenant-admin', 'app'] as const) {
      const { json } = await callApi(name, { key: keys[attacker.id]![role]! })
      for (const trace of traces) expect(JSON.stringify(json), name).not.toContain(`"${trace}"`)
    }
  const { connectionId, mailboxId } = own
  const graph = { transport: 'graph', connectionId }
  const pointing: [
    OperationKey,
    (ids: { connectionId: string; mailboxId: string; registrationId: string }) => object,
  ][] = [
    ['mailSubmit', (ids) => ({ body: { mailboxId: ids.mailboxId, to: ['ben@contoso.example'], text: 'x' } })],
    ['mailboxCreate', (ids) => ({ body: { connectionId: ids.connectionId, address: own.address } })],
    ['signInStart', (ids) => ({ body: { address: 'x@y.example', registrationId: ids.registrationId } })],
    ['adminConsentStart', (ids) => ({ body: { registrationId: ids.registrationId } })],
    ['mailList', (ids) => ({ query: { mailbox: ids.mailboxId, includeDone: 'true' } })],
    ['logList', (ids) => ({ query: { mailbox: ids.mailboxId } })],
  ]
  const real = { connectionId, mailboxId, registrationId: victim.registrationId }
  const never = Object.fromEntries(Object.entries(real).map(([name, id]) => [name, unknown(id)])) as typeof real
  for (const [name, input] of pointing) {
    const [one, other] = await Promise.all(
      [real, never].map((ids) => callApi(name, { key: attacker.key, ...input(ids) })),
    )
    expect(comparable(one!).replaceAll(/[a-z2-7]{26}/g, ''), name).toBe(
      comparable(other!).replaceAll(/[a-z2-7]{26}/g, ''),
    )
    if (!['mailList', 'logList'].includes(name)) expect(one!.status, name).toBeGreaterThanOrEqual(400)
  }
  // Its own mailbox cannot be pointed at another tenant's connection.
  const mine = await site.mailbox(attacker.id)
  const params = { id: mine.mailboxId }
  const change = (id: string) =>
    callApi('mailboxChange', { key: attacker.key, params, body: { send: { ...graph, connectionId: id } } })
  const refused = await change(connectionId)
  expect(refused.status).toBeGreaterThanOrEqual(400)
  expect(comparable(refused)).toBe(comparable(await change(unknown(connectionId))))
}, 60_000)
