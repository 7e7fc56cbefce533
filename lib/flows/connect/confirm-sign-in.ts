/**
 * A sign-in counts only when somebody with the tenant's authority says so: the app that started it, with the binding of
 * its user's session and the one-time code from the return URL; a tenant administrator; or, in advance, the administrator
 * who made the link for one exact identity. The first write claims the sign-in and fixes all ids, so that a crash later
 * is repaired by confirming again: connection and grant, vault, names, mailbox, due rows, then the secrets in the sign-in
 * go (it stays an hour, without them, so that people can still read how it ended).
 */
import { conflict, GatewayError, notFound } from '../../errors.js'
import type { Connection } from '../../model/connection.js'
import { hashId, newId, sha256 } from '../../model/ids.js'
import { sameText } from '../../protocol/same-text.js'
import { clearAttention } from '../common/attention.js'
import { connectionToRow, readConnection } from '../common/connection-rows.js'
import { setDue } from '../common/due.js'
import { takeHold } from '../common/holders.js'
import { writeLog } from '../common/log-row.js'
import { emitEvent } from '../tell/emit-event.js'
import type { ConnectDependencies } from './connect-dependencies.js'
import { assertAddressFree, createMailbox, switchMailbox } from './save-mailbox.js'
import { type Grant, readSignIn, type StoredSignIn, sealPlace, stepSignIn } from './sign-in-row.js'
import { microsoftTransports, passwordTransports } from './wanted-transports.js'

export interface Confirmed {
  status: 'confirmed'
  mailboxId: string
  connectionId: string
  address: string
}

const keptMs = 3_600_000

/** Redeems the result code. Errors: `not_found`, `binding_mismatch`, `result_code_invalid`, `sign_in_not_ready`, `sign_in_used`. */
export async function confirmSignIn(
  deps: ConnectDependencies,
  tenant: string,
  id: string,
  input: { code: string; binding: string },
): Promise<Confirmed> {
  const signIn = await ownSignIn(deps, tenant, id)
  if (signIn.target.confirmation !== 'result-code') throw notReady()
  if (!sameText(sha256(input.binding), String(signIn.row['bindingHash'] ?? '')))
    throw refusal(
      'binding_mismatch',
      'This sign-in was started by another session of your application.',
      'Let the user who started it finish it.',
    )
  assertReady(deps, signIn)
  // The return URL carries `{id}.{code}`; both forms are accepted.
  const code = input.code.startsWith(`${id}.`) ? input.code.slice(id.length + 1) : input.code
  if (!sameText(sha256(code), String(signIn.row['resultHash'] ?? '')))
    throw refusal('result_code_invalid', 'The result code is wrong.', 'Pass the code from the return URL unchanged.')
  return confirmNow(deps, signIn)
}

/** A tenant administrator looked at who signed in and agrees. */
export async function confirmByAdmin(deps: ConnectDependencies, tenant: string, id: string): Promise<Confirmed> {
  const signIn = await ownSignIn(deps, tenant, id)
  // The app's user must bring the result code: an administrator cannot know who sat at that browser.
  if (signIn.target.confirmation === 'result-code') throw notReady()
  assertReady(deps, signIn)
  return confirmNow(deps, signIn)
}

/** The rest of the way, from `signed-in` or from wherever a crash left it. */
export async function confirmNow(deps: ConnectDependencies, signIn: StoredSignIn): Promise<Confirmed> {
  if (signIn.status === 'signed-in')
    await stepSignIn(deps, signIn, {
      status: 'confirmed',
      connectionId: signIn.target.connectionId ?? newId(),
      mailboxId: signIn.target.mailboxId ?? newId(),
      expiresAt: deps.clock.now() + keptMs,
    })
  const sealer = await deps.sealer()
  const opened = sealer.open(String(signIn.row['sealedGrant']), sealPlace(signIn.id, 'sealedGrant'))
  const grant = JSON.parse(opened.toString()) as Grant
  const connectionId = String(signIn.row['connectionId'])
  const mailboxId = String(signIn.row['mailboxId'])
  const { tenant, target } = signIn
  const reconnected = target.kind === 'reconnect'

  if (!reconnected) await assertAddressFree(deps, tenant, target.address, mailboxId)
  await takeHold(deps, tenant, target.address, mailboxId)
  await saveConnection(deps, signIn, grant, connectionId)
  await deps.storeGrant({ tenant, connectionId, grant })
  const wanted =
    grant.kind === 'oauth' ? microsoftTransports(target) : passwordTransports(target, grant.imap, grant.smtp)
  if (reconnected) await switchMailbox(deps, signIn, mailboxId, connectionId, wanted)
  else await createMailbox(deps, signIn, mailboxId, connectionId, wanted)
  const now = deps.clock.now()
  if (target.receive) await setDue(deps, 'poll', tenant, mailboxId, now)
  await setDue(deps, 'signin', tenant, signIn.id, now + keptMs)
  if (reconnected) await reopen(deps, tenant, mailboxId, connectionId)

  const eventId = hashId('connection.changed', connectionId, signIn.id)
  await emitEvent(deps, tenant, 'connection.changed', eventId, {
    connectionId,
    mailboxId,
    state: 'connected',
    reason: '',
  })
  await writeLog(deps, 'auditlog', {
    tenant,
    action: reconnected ? 'mailbox-reconnected' : 'mailbox-connected',
    subject: mailboxId,
    connectionId,
  })
  await stepSignIn(deps, signIn, { sealedGrant: '', resultHash: '', resultSealed: '', bindingHash: '', done: true })
  return { status: 'confirmed', mailboxId, connectionId, address: target.address }
}

async function saveConnection(
  deps: ConnectDependencies,
  signIn: StoredSignIn,
  grant: Grant,
  id: string,
): Promise<void> {
  const known = await readConnection(deps, signIn.tenant, id)
  const now = new Date(deps.clock.now()).toISOString()
  const connection: Connection = {
    id,
    tenant: signIn.tenant,
    mode: grant.kind === 'oauth' ? 'delegated' : 'password',
    provider: grant.kind === 'oauth' ? 'microsoft' : 'basic',
    registrationId: grant.kind === 'oauth' ? grant.registrationId : '',
    ...(signIn.identity ? { identity: signIn.identity } : {}),
    username: grant.kind === 'password' ? grant.username : '',
    scopes: grant.kind === 'oauth' ? grant.scopes : [],
    state: 'connected',
    reason: '',
    stateSince: now,
    createdAt: known?.createdAt ?? now,
    connectedAt: now,
  }
  const table = deps.names.table('connections')
  if (known === undefined) await deps.tables.insert(table, connectionToRow(connection))
  else await deps.tables.update(table, connectionToRow(connection), known.etag)
}

/** Healthy again: nobody needs to act, waiting mail may go. */
async function reopen(
  deps: ConnectDependencies,
  tenant: string,
  mailboxId: string,
  connectionId: string,
): Promise<void> {
  await clearAttention(deps, tenant, 'connection', connectionId)
  for (const kind of ['mailbox-receive', 'mailbox-send'] as const) await clearAttention(deps, tenant, kind, mailboxId)
  await deps.openGate?.(tenant, mailboxId)
  await setDue(deps, 'lane', tenant, mailboxId, deps.clock.now())
  await deps.queues.send(deps.names.queue('mail-send'), { v: 1, tenant, mailboxId })
}

async function ownSignIn(deps: ConnectDependencies, tenant: string, id: string): Promise<StoredSignIn> {
  const signIn = await readSignIn(deps, id)
  if (signIn === undefined || signIn.tenant !== tenant) throw notFound('sign-in')
  return signIn
}

function assertReady(deps: ConnectDependencies, signIn: StoredSignIn): void {
  if (signIn.status === 'confirmed' && signIn.row['done'] !== true) return
  if (signIn.status === 'confirmed')
    throw conflict('sign_in_used', 'This sign-in is confirmed already.', 'Read the sign-in to see its mailbox.')
  if (signIn.status !== 'signed-in' || signIn.expiresAt <= deps.clock.now()) throw notReady()
}

const notReady = (): GatewayError =>
  conflict(
    'sign_in_not_ready',
    'There is nothing to confirm here.',
    'Read the state of the sign-in; start a new one when it ended.',
  )

function refusal(code: string, description: string, remedy: string): GatewayError {
  return new GatewayError(code, 'permanent', { status: 403, description, remedy })
}
