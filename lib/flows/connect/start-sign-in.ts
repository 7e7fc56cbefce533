/**
 * An app or an administrator asks for a mailbox to be connected. Checks that the return URL is one of the tenant's own,
 * character by character, that nobody has the mailbox yet, and writes one sign-in row. The answer is a link: whoever
 * opens it reads whose mailbox is asked for by whom, before anything else happens.
 */

import { conflict, GatewayError, invalidInput, notFound } from '../../errors.js'
import type { ReconnectInput, SignInStartInput } from '../../model/api-schemas.js'
import type { Role } from '../../model/caller.js'
import { mayWrite } from '../../model/connection.js'
import type { MailboxRef } from '../../model/mailbox.js'
import { refusedTogether } from '../../model/parse.js'
import type { SignInTarget } from '../../model/sign-in.js'
import { connectionOf, resourceOfTransport } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findConnection } from '../../rows/connections.js'
import { findHolder, holderId, mailboxHeld } from '../../rows/holders.js'
import { writeLog } from '../../rows/logs.js'
import { getMailbox } from '../../rows/mailboxes.js'
import { findReturnUrl, returnUrlId } from '../../rows/return-urls.js'
import { settingsOf } from '../../rows/settings.js'
import { actionOf } from '../receive/after-receive.js'
import { listUsableRegistrations } from '../tokens/registrations.js'
import { insertSignIn, notUsable, type StartedSignIn } from './insert-sign-in.js'
import { assertNamesFree } from './save-mailbox.js'
import { renewAdminConsent } from './start-admin-consent.js'
import { staysAtServer } from './stays-at-server.js'

/** Errors: `invalid_input`, `return_url_not_registered`, `mailbox_exists`, `forbidden_confirmation`. */
export async function startSignIn(
  deps: Toolbox,
  { tenant, role = 'app' }: { tenant: string; role?: Role },
  input: SignInStartInput,
): Promise<StartedSignIn> {
  const refusals: GatewayError[] = []
  const refuse = (field: string, message: string) => void refusals.push(invalidInput(field, message))
  if (!input.receive && !input.send) refuse('receive', 'or send must be true: a mailbox needs one direction.')
  if (input.confirmation === 'result-code' && input.binding === undefined)
    refuse('binding', 'is required: the same value redeems the result code.')
  if (input.confirmation === 'result-code' && input.returnUrl === undefined)
    refuse('returnUrl', 'is required: it brings the result code back to your user.')
  if (input.mailboxUser !== undefined && input.expectedUser === undefined)
    refuse('mailboxUser', 'is for shared mailboxes: name the person who signs in in expectedUser.')
  if (input.confirmation === 'confirmed-by-link' && role === 'app') refusals.push(onlyAdmins())
  const { returnUrl: given } = input
  const returnUrl = given === undefined ? '' : await registeredReturnUrl(deps, tenant, given)
  if (given !== undefined && returnUrl === undefined) refusals.push(await notRegistered(deps, tenant, given))
  const { registrationId } = input
  if (registrationId && !(await listUsableRegistrations(deps, tenant)).some(({ id }) => id === registrationId))
    refusals.push(notUsable())
  const refused = refusedTogether([], refusals)
  if (refused !== undefined) throw refused
  await assertNamesFree(deps, { tenant, mailboxId: '' }, input)
  // Of other tenants one hears only after a sign-in that proves authority over the mailbox.
  const held = await findHolder(deps, holderId(input.address))
  if (held?.tenant === tenant && held.environment !== deps.names.environment) throw mailboxHeld(held, tenant)
  const target: SignInTarget = {
    kind: 'connect',
    address: input.address,
    displayName: input.displayName,
    ...(input.name === undefined ? {} : { name: input.name }),
    ...(input.expectedUser === undefined ? {} : { expectedUser: input.expectedUser }),
    ...(input.mailboxUser === undefined ? {} : { mailboxUser: input.mailboxUser }),
    receive: input.receive,
    send: input.send,
    ...(input.after === undefined ? {} : { after: input.after }),
    leavesMail: await staysAtServer(deps, tenant, input.after),
    ...(input.permissions === undefined ? {} : { permissions: input.permissions }),
    transport: input.transport,
    confirmation: input.confirmation,
    ...(registrationId ? { registrationId } : {}),
  }
  return insertSignIn(deps, tenant, {
    target,
    registrationId: registrationId ?? '',
    returnUrl: returnUrl ?? '',
    binding: input.binding,
  })
}

/**
 * A link by which the owner of a connected mailbox signs in again, at any state of the connection (P-05). Made by an
 * administrator for one exact identity, so that signing in is all it takes.
 */
export async function startReconnect(
  deps: Toolbox,
  { tenant, mailboxId }: MailboxRef,
  { allowChange = [], expectedUser, permissions }: ReconnectInput = {},
): Promise<StartedSignIn> {
  if (expectedUser !== undefined && !allowChange.includes('identity'))
    throw invalidInput('expectedUser', 'names another account than before: add "identity" to allowChange.')
  const mailbox = await getMailbox(deps, tenant, mailboxId)
  const sides = [mailbox.receive, mailbox.send].filter((side) => side.transport !== 'none')
  if (sides.length === 0)
    throw conflict('mailbox_unused', 'This mailbox neither receives nor sends.', 'Connect it again.')
  const found = await Promise.all(
    sides.map(async (side) => ({ side, connection: await findConnection(deps, tenant, side.connectionId) })),
  )
  const signedIn = found.filter(({ connection }) => connection?.mode !== 'anonymous')
  // Each direction may have its own; the one that does not work is the one meant.
  const broken = signedIn.find(({ connection }) => connection !== undefined && connection.state !== 'connected')
  const meant = broken ?? signedIn[0]
  if (meant === undefined)
    throw conflict(
      'mailbox_without_sign_in',
      'This mailbox uses a relay without sign-in, so nobody can sign in to it again.',
      'Test it with POST /api/v1/mailboxes/{id}/check, or change its server.',
    )
  const { side, connection } = meant
  if (connection === undefined) throw notFound('connection')
  if (connection.mode === 'app-only') return renewAdminConsent(deps, tenant, connection)
  const user = expectedUser ?? connection.identity?.username ?? ''
  const graph = sides.some(({ transport }) => resourceOfTransport(transport) === 'graph')
  const target: SignInTarget = {
    kind: 'reconnect',
    address: mailbox.address,
    displayName: mailbox.displayName,
    connectionId: connection.id,
    mailboxId,
    ...(user === '' || user.toLowerCase() === mailbox.address.toLowerCase() ? {} : { expectedUser: user }),
    ...(allowChange.length > 0 ? { allowChange: [...new Set(allowChange)] } : {}),
    // What waits for an administrator is not asked of the owner; it is tried again with the new sign-in.
    receive: connectionOf(mailbox.receive) === connection.id,
    send: connectionOf(mailbox.send) === connection.id,
    // Nobody loses by a reconnect what the connection had.
    ...(permissions === 'full' || mayWrite(connection.scopes)
      ? { permissions: 'full' as const }
      : { leavesMail: actionOf(await settingsOf(deps, mailbox), mailbox).action === 'leave' }),
    ...('user' in side && side.user !== undefined ? { mailboxUser: side.user } : {}),
    // Who had a password and may change the provider gets its best transport.
    transport: connection.mode === 'password' ? 'auto' : graph ? 'graph' : 'imap-smtp',
    confirmation: 'confirmed-by-link',
  }
  const started = await insertSignIn(deps, tenant, { target, registrationId: connection.registrationId })
  if (target.allowChange)
    await writeLog(deps, 'auditlog', {
      tenant,
      action: 'reconnect-may-change',
      subject: mailboxId,
      changes: target.allowChange.join(' '),
      signInId: started.signInId,
    })
  return started
}

/** The id of the row whose URL is exactly the given text: no parsing, no normalising, nothing to get wrong (SEC-10). */
async function registeredReturnUrl(deps: Toolbox, tenant: string, url: string): Promise<string | undefined> {
  const registered = await findReturnUrl(deps, tenant, returnUrlId(url))
  return registered?.url === url ? registered.id : undefined
}

/** The register keeps a URL as a parser writes it, so that what was registered as `https://app.example` has a slash. */
async function notRegistered(deps: Toolbox, tenant: string, given: string): Promise<GatewayError> {
  const written = URL.canParse(given) ? new URL(given).href : given
  const isMeant = written !== given && (await registeredReturnUrl(deps, tenant, written)) !== undefined
  return new GatewayError('return_url_not_registered', 'permanent', {
    status: 400,
    field: 'returnUrl',
    description: 'The return URL is not registered.',
    remedy: isMeant
      ? `Send it exactly as it is registered: ${written}`
      : 'Register exactly this string under return URLs, or use one that is registered.',
  })
}

function onlyAdmins(): GatewayError {
  return new GatewayError('forbidden_confirmation', 'permanent', {
    status: 403,
    field: 'confirmation',
    description: 'Only an administrator may create a link that needs no confirmation.',
    remedy: 'Use "result-code", or a key with the role tenant-admin.',
  })
}
