/**
 * A sign-in is confirmed and becomes what it was for. The first write claims it for one request and fixes all ids, so
 * that a crash later is repaired by confirming again: the address, connection and grant, vault, mailbox, due rows; last
 * it is `confirmed`, and the secrets in it go (it stays an hour, without them, so that people can still read how it
 * ended). Whatever refuses it does so before anything is stored. What an administrator allowed becomes a record, and
 * for app-only a connection; it makes no mailbox.
 */

import { asGatewayError, conflict, GatewayError } from '../../errors.js'
import type { Connection } from '../../model/connection.js'
import type { Grant, MailboxGrant } from '../../model/grant.js'
import { newId } from '../../model/ids.js'
import { wholeTarget } from '../../model/later-receiving.js'
import { type MailboxWarning, mailboxWarnings } from '../../model/mailbox-warnings.js'
import type { ProviderName } from '../../model/providers.js'
import { connectionOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention } from '../../rows/attention.js'
import { findConnection, saveConnection } from '../../rows/connections.js'
import { saveConsent } from '../../rows/consents.js'
import { setDue } from '../../rows/due.js'
import { takeHold } from '../../rows/holders.js'
import { writeLog } from '../../rows/logs.js'
import { findMailbox, listMailboxes } from '../../rows/mailboxes.js'
import { sealKeys } from '../../rows/seal-keys.js'
import { associatedData, type StoredSignIn, stepSignIn } from '../../rows/sign-ins.js'
import { awaitedBy, tellAwaiting } from '../receive/await-approval.js'
import { wakeAwaiting } from '../receive/wake-awaiting.js'
import { openGate } from '../send/gate.js'
import { retryConnections } from '../send/retry-connections.js'
import { providerOf } from '../tokens/provider-of.js'
import { getRegistration } from '../tokens/registrations.js'
import { storeGrant } from '../tokens/store-grant.js'
import { assertWay } from './link-ways.js'
import { noSecrets, refuseConfirmation } from './refuse-confirmation.js'
import { createMailbox, reserveNames, switchMailbox } from './save-mailbox.js'
import { tellConnected } from './tell-connected.js'
import { targetsOf } from './try-out.js'

export interface Confirmed {
  status: 'confirmed'
  /** Empty when an administrator allowed something: that makes no mailbox. */
  mailboxId: string
  /** Empty when nothing but a permission was given. */
  connectionId: string
  address: string
  warnings: MailboxWarning[]
}

const keptMs = 3_600_000
/** Longer than all that a confirmation waits for; a crash is repaired by the sweep afterwards. */
const confirmingMs = 120_000

/**
 * The rest of the way, from `signed-in` or from wherever a crash left it. Of many at once one goes on; the others get
 * `confirmation_running`. A refusal undoes what was begun and leaves the link usable, anything else is finished later.
 */
export async function confirmNow(deps: Toolbox, signIn: StoredSignIn): Promise<Confirmed> {
  await claim(deps, signIn)
  try {
    return await connect(deps, signIn)
  } catch (error) {
    const failure = asGatewayError(error)
    const ended =
      failure.class === 'permanent'
        ? refuseConfirmation(deps, signIn, failure)
        : stepSignIn(deps, signIn, { confirmingUntil: 1 })
    // What cannot be written now is looked at again by the sweep.
    await ended.catch(() => undefined)
    throw error
  }
}

/** A confirmation was begun and has not ended. */
export const isBegun = ({ status, done, confirmingUntil }: StoredSignIn): boolean =>
  !done && (status === 'confirmed' || confirmingUntil > 0)

/** Fixes all ids, so that every repetition makes the same. */
async function claim(deps: Toolbox, signIn: StoredSignIn): Promise<void> {
  const { tenant, id, target } = signIn
  const now = await deps.tables.serverNow()
  if (signIn.confirmingUntil > now) throw confirmationRunning()
  const ids = isBegun(signIn)
    ? {}
    : {
        connectionId: target.consent === 'delegated' ? '' : (target.connectionId ?? newId()),
        mailboxId: target.kind === 'admin-consent' ? '' : (target.mailboxId ?? newId()),
        expiresAt: deps.clock.now() + keptMs,
      }
  await setDue(deps, { kind: 'signin', tenant, id }, deps.clock.now() + confirmingMs)
  try {
    await stepSignIn(deps, signIn, { ...ids, confirmingUntil: now + confirmingMs })
  } catch (error) {
    throw error instanceof GatewayError && error.code === 'sign_in_used' ? confirmationRunning() : error
  }
}

export const confirmationRunning = (): GatewayError =>
  conflict(
    'confirmation_running',
    'Another request is confirming this sign-in right now.',
    'Read the sign-in again in a few seconds to see how it ended.',
  )

async function connect(deps: Toolbox, signIn: StoredSignIn): Promise<Confirmed> {
  const { tenant, target } = signIn
  const grant = await openGrant(deps, signIn)
  const isConsent = target.kind === 'admin-consent'
  await assertWay(deps, signIn, wayOf(signIn, grant))
  const { connectionId, mailboxId = '' } = signIn
  if (target.kind === 'connect') await reserveNames(deps, { tenant, mailboxId }, target)
  if (!isConsent) await holdAddress(deps, signIn, mailboxId)
  if (grant !== undefined) {
    await storeConnection(deps, signIn, grant)
    await storeGrant(deps, { tenant, connectionId, grant })
  }
  if (isConsent)
    await recordConsent(deps, signIn, grant?.kind === 'app-only' ? grant.scopes : await grantedScopes(deps, signIn))
  else await saveMailbox(deps, signIn, grant as MailboxGrant)
  await setDue(deps, { kind: 'signin', tenant, id: signIn.id }, deps.clock.now() + keptMs)
  await clearAttention(deps, { tenant, kind: 'sign-in', id: signIn.id })
  if (target.connectionId) await reopen(deps, tenant, connectionId)
  if (grant !== undefined) await tellConnected(deps, { tenant, mailboxId, connectionId }, signIn.id)
  const action = { connect: 'mailbox-connected', reconnect: 'mailbox-reconnected', 'admin-consent': 'admin-consented' }
  await writeLog(deps, 'auditlog', {
    tenant,
    action: action[target.kind],
    subject: mailboxId || connectionId || signIn.registrationId,
    connectionId,
    ...(target.allowChange ? { allowed: target.allowChange.join(' ') } : {}),
  })
  if (isConsent) await wakeOrganisation(deps, signIn)
  await stepSignIn(deps, signIn, { ...noSecrets, bindingHash: '', status: 'confirmed', done: true, confirmingUntil: 0 })
  const saved = mailboxId === '' ? undefined : await findMailbox(deps, tenant, mailboxId)
  const gained = { id: connectionId, mode: modeOf(grant), scopes: grant === undefined ? [] : scopesOf(grant) }
  const warnings = saved === undefined ? [] : mailboxWarnings(saved, [gained])
  return { status: 'confirmed', mailboxId, connectionId, address: target.address, warnings }
}

/** Keeps for the tenant who allowed what, where and when. */
async function recordConsent(deps: Toolbox, signIn: StoredSignIn, scopes: string[]): Promise<void> {
  const { tenant, registrationId, target, identity } = signIn
  await saveConsent(deps, tenant, {
    mode: target.consent ?? 'delegated',
    registrationId,
    directory: identity?.tenantId ?? '',
    administrator: identity?.username ?? '',
    administratorId: identity?.objectId ?? '',
    scopes,
    consentedAt: new Date(deps.clock.now()).toISOString(),
  })
}

/** Of what was asked for, that which the directory showed. */
async function grantedScopes(deps: Toolbox, signIn: StoredSignIn): Promise<string[]> {
  const { tenant, registrationId: id, target } = signIn
  const named = signIn.granted.toLowerCase().split(/\s+/)
  const registration = await getRegistration(deps, { tenant, id })
  const asked = providerOf(deps, signIn.provider).plan(target, registration.authority, registration).consent
  return asked.filter((scope) => named.includes(scope.toLowerCase()))
}

/** Its mailboxes that waited for an administrator fetch and send now, not with their next hourly try (M-160). */
async function wakeOrganisation(deps: Toolbox, { tenant, registrationId, identity }: StoredSignIn) {
  const directory = identity?.tenantId ?? ''
  if (directory === '') return
  await retryConnections(deps, tenant, { registrationId, directory })
  await wakeAwaiting(deps, tenant, { registrationId, directory })
}

/**
 * Against other tenants an address is held only by who may speak for it. A reconnect works with or without: the mailbox
 * is there, and an operator may have given the address to another.
 */
async function holdAddress(deps: Toolbox, { tenant, target, proven }: StoredSignIn, id: string): Promise<void> {
  if (!proven) return
  try {
    await takeHold(deps, { tenant, mailboxId: id, address: target.address })
  } catch (error) {
    if (target.kind !== 'reconnect' || asGatewayError(error).code !== 'mailbox_held') throw error
  }
}

function wayOf({ provider }: StoredSignIn, grant: Grant | undefined): string {
  if (grant?.kind === 'password') return 'password'
  return grant?.kind === 'oauth' ? provider : 'admin-consent'
}

function modeOf(grant: Grant | undefined): Connection['mode'] {
  if (grant?.kind === 'password' || grant?.kind === 'app-only') return grant.kind
  return 'delegated'
}

const scopesOf = (grant: Grant): string[] => (grant.kind === 'password' ? [] : grant.scopes)

/** Nothing for a permission that lets other people sign in. */
async function openGrant(deps: Toolbox, signIn: StoredSignIn): Promise<Grant | undefined> {
  if (signIn.target.consent === 'delegated') return undefined
  const sealer = await sealKeys(deps)
  const opened = sealer.open(signIn.sealedGrant, associatedData(signIn.id, 'sealedGrant'))
  return JSON.parse(opened.toString()) as Grant
}

async function saveMailbox(deps: Toolbox, signIn: StoredSignIn, grant: MailboxGrant): Promise<void> {
  const { tenant, target, connectionId, mailboxId = '' } = signIn
  const wanted = await targetsOf(deps, signIn, grant)
  const whole = { ...signIn, target: wholeTarget(target) }
  const later = target.later && (await targetsOf(deps, whole, grant)).receive
  if (target.kind === 'reconnect' && grant.kind === 'oauth' && !target.allowChange?.includes('provider')) return
  if (target.kind === 'reconnect') return switchMailbox(deps, { tenant, mailboxId, connectionId }, wanted)
  await createMailbox(deps, { ...target, tenant, mailboxId, connectionId }, { ...wanted, ...(later ? { later } : {}) })
  if (later !== undefined) {
    const made = await findMailbox(deps, tenant, mailboxId)
    const awaited = made && awaitedBy(made)
    if (awaited) await tellAwaiting(deps, made, awaited)
  }
  if (target.receive || later) await setDue(deps, { kind: 'poll', tenant, id: mailboxId }, deps.clock.now())
}

async function storeConnection(deps: Toolbox, signIn: StoredSignIn, grant: Grant): Promise<void> {
  const { tenant, connectionId: id } = signIn
  const known = await findConnection(deps, tenant, id)
  const now = new Date(deps.clock.now()).toISOString()
  const isPassword = grant.kind === 'password'
  const connection: Connection = {
    id,
    tenant,
    mode: modeOf(grant),
    provider: signIn.provider as ProviderName,
    registrationId: isPassword ? '' : grant.registrationId,
    ...(signIn.identity ? { identity: signIn.identity } : {}),
    username: isPassword ? grant.username : '',
    scopes: scopesOf(grant),
    state: 'connected',
    reason: '',
    stateSince: now,
    createdAt: known?.createdAt ?? now,
    connectedAt: now,
  }
  await saveConnection(deps, connection, known)
}

/** Its authority is stored anew: every mailbox of the connection is looked at now and waiting mail may go. */
export async function reopen(deps: Toolbox, tenant: string, connectionId: string): Promise<void> {
  for (const { id, receive, send } of await listMailboxes(deps, tenant)) {
    const isAwaiting = awaitedBy({ receive })?.receive.connectionId === connectionId
    if (connectionOf(receive) === connectionId) await clearAttention(deps, { tenant, kind: 'mailbox-receive', id })
    if (connectionOf(receive) === connectionId || isAwaiting)
      await setDue(deps, { kind: 'poll', tenant, id }, deps.clock.now())
    if (connectionOf(send) === connectionId) await openGate(deps, { tenant, mailboxId: id })
  }
}
