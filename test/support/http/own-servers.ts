/** Mail servers of an administrator's own beside the admin site, and the calls that tests of them share. */
import { afterAll, beforeAll } from 'vitest'
import { type OwnServers, startOwnServers } from '../connect/server-mailbox.js'
import { tableRows } from '../storage/stored.js'
import { as, connectionString, names, other, site, useTwoWorkers } from './two-workers.js'

export let at: OwnServers
export let acme: { id: string; key: string }
export const secret = 'canary-Pass-of-a-server-4711'
let count = 0

/** Starts site, servers and a tenant for the file. */
export function useOwnServers(tenant: string): void {
  useTwoWorkers()
  beforeAll(async () => {
    at = await startOwnServers()
    acme = await site.tenant(tenant)
  })
  afterAll(() => at.stop())
}

/** A fresh address whose account the servers know. */
export function fresh(password = secret): string {
  const address = `own${++count}.${names().environment}@postbox.example`
  at.passwords.set(address, password)
  return address
}

export const reading = (more: object = {}) => ({
  host: 'localhost',
  port: at.imap.port,
  tls: 'implicit',
  ca: at.ca,
  ...more,
})
export const sending = (more: object = {}) => ({
  host: 'localhost',
  port: at.smtp.port,
  tls: 'starttls',
  ca: at.ca,
  ...more,
})
/** `encrypted`: another one. */
export const relay = (encrypted = false) => ({
  smtp: encrypted
    ? sending({ port: at.encryptedRelay.port })
    : { host: 'localhost', port: at.relay.port, tls: 'plain' },
  login: 'none',
})
export const login = (password = secret) => ({ password })
export const connect = (body: object, dryRun = false) =>
  as(acme.key)('serverMailboxCreate', { body, ...(dryRun ? { query: { dryRun: 'true' } } : {}) })

/** All that a call could leave behind of a mailbox, but for its line in the audit log. */
export async function stored(): Promise<string> {
  const tables = (['mailboxes', 'connections', 'names'] as const).map((name) => names().table(name))
  const rows = await Promise.all([...tables, names().holders].map((table) => tableRows(connectionString, table)))
  // Holders are shared by all environments of the storage account.
  const own = rows.flat().filter(({ environment = names().environment }) => environment === names().environment)
  const keys = own.map(({ partitionKey, rowKey }) => `${partitionKey} ${rowKey}`)
  const secrets = site.vault.snapshot().filter(({ name }) => name.includes('-c-'))
  const kept = secrets.map(({ name, versions }) => `${name} ${versions.length}`)
  // What a worker notes of its own when it comes by is not a trace of a call.
  return [...keys.filter((key) => !/ (lane~|receiving)/.test(key)), ...kept].sort().join('\n')
}

/** State of a mail that a mailbox was given and had the time to send. */
export async function mailOut(mailboxId: string): Promise<string> {
  const mail = { mailboxId, to: ['ben@postbox.example'], subject: 'Out', text: 'x', hold: true }
  const { json: queued } = await as(acme.key)('mailSubmit', { body: mail })
  await as(acme.key)('mailRelease', { params: { id: queued.id } })
  await other.send.drainLane({ v: 1, tenant: acme.id, mailboxId })
  return (await as(acme.key)('mailShow', { params: { id: queued.id } })).json.state
}
