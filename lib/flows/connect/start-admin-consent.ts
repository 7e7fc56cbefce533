/**
 * An administrator is asked to allow the application for a whole organisation: either so that people there may connect
 * their mailboxes themselves (delegated), or so that the application opens mailboxes without anybody signed in
 * (app-only). The latter needs an app registration of the tenant's own: the answer to a consent proves nothing about
 * who gave it, and with a registration that many tenants share one of them could claim another's organisation.
 */
import { conflict, type GatewayError } from '../../errors.js'
import type { AdminConsentInput } from '../../model/api-schemas.js'
import type { Connection } from '../../model/connection.js'
import { wholeTarget } from '../../model/later-receiving.js'
import type { MailboxRef } from '../../model/mailbox.js'
import type { Registration } from '../../model/registration.js'
import type { SignInTarget } from '../../model/sign-in.js'
import { signInProblem } from '../../model/sign-in-problems.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findConnection } from '../../rows/connections.js'
import { getMailbox } from '../../rows/mailboxes.js'
import { sealKeys } from '../../rows/seal-keys.js'
import { associatedData, findSignIn, type StoredSignIn, stepSignIn } from '../../rows/sign-ins.js'
import { awaitedBy } from '../receive/await-approval.js'
import { listUsableRegistrations } from '../tokens/registrations.js'
import { insertSignIn, notUsable, type StartedSignIn } from './insert-sign-in.js'
import { staysAtServer } from './stays-at-server.js'

type Listed = Omit<Registration, 'secretName'>

/**
 * Errors: `invalid_input` for a registration that is not the tenant's, `no_registration`, `own_registration_needed`,
 * `registration_without_secret`.
 */
export async function startAdminConsent(
  deps: Toolbox,
  tenant: string,
  input: AdminConsentInput,
): Promise<StartedSignIn> {
  const listed = await listUsableRegistrations(deps, tenant)
  const asked = listed.filter(({ id }) => !input.registrationId || id === input.registrationId)
  if (input.registrationId && asked.length === 0) throw notUsable()
  const registration = asked.find((one) => hasAdministrators(deps, one))
  if (registration === undefined) throw signInProblem('no_registration')
  const appOnly = input.mode === 'app-only'
  if (appOnly) checkAppOnly(registration)
  const target: SignInTarget = {
    ...consentTarget,
    consent: input.mode,
    transport: input.transport ?? 'graph',
    receive: input.receive,
    send: input.send,
    leavesMail: await staysAtServer(deps, tenant),
    // Authority over every mailbox counts only when somebody of the tenant looked at who gave it.
    confirmation: appOnly ? 'tenant-admin' : 'confirmed-by-link',
  }
  return insertSignIn(deps, tenant, { target, registrationId: registration.id })
}

/** The same organisation is asked again for a connection that stopped working; it needs no new confirmation. */
export function renewAdminConsent(
  deps: Toolbox,
  tenant: string,
  connection: Pick<Connection, 'id' | 'registrationId' | 'scopes'>,
): Promise<StartedSignIn> {
  const transport = transportOf(connection)
  const target: SignInTarget = { ...consentTarget, transport, consent: 'app-only', connectionId: connection.id }
  return insertSignIn(deps, tenant, { target, registrationId: connection.registrationId })
}

/** By which the mailboxes of an app-only connection are opened, from what was consented to; Graph when that says nothing. */
export const transportOf = ({ scopes }: Pick<Connection, 'scopes'>): 'graph' | 'imap-smtp' =>
  scopes.length > 0 && scopes.every((scope) => /\.(AccessAsApp|SendAsApp)$/.test(scope)) ? 'imap-smtp' : 'graph'

/** For a mailbox that sends already and waits for an administrator to let it read. */
export async function startApproval(deps: Toolbox, { tenant, mailboxId }: MailboxRef): Promise<StartedSignIn> {
  const awaited = awaitedBy(await getMailbox(deps, tenant, mailboxId))
  const connection = awaited && (await findConnection(deps, tenant, awaited.receive.connectionId))
  if (connection === undefined)
    throw conflict(
      'no_approval_awaited',
      'This mailbox does not wait for the approval of an administrator.',
      'Look at the mailbox again: it may have started reading.',
    )
  const { registrationId } = connection
  const transport = awaited?.receive.transport === 'imap' ? 'imap-smtp' : 'graph'
  const wish = { mode: 'delegated', transport, receive: true, send: true } as const
  return startAdminConsent(deps, tenant, { ...wish, registrationId })
}

const consentTarget: SignInTarget = {
  kind: 'admin-consent',
  address: '',
  displayName: '',
  receive: true,
  send: true,
  transport: 'graph',
  confirmation: 'confirmed-by-link',
}

/** The link a person who may not agree alone hands to an administrator; one at a time for each sign-in (M-065). */
export async function approvalLink(deps: Toolbox, signIn: StoredSignIn): Promise<string | undefined> {
  const { tenant, target, registrationId } = signIn
  const registration = (await listUsableRegistrations(deps, tenant)).find((one) => one.id === registrationId)
  if (registration === undefined || !hasAdministrators(deps, registration) || target.kind === 'admin-consent')
    return undefined
  const sealer = await sealKeys(deps)
  const place = associatedData(signIn.id, 'approvalSealed')
  if (signIn.approvalSealed !== '') {
    const link = sealer.open(signIn.approvalSealed, place).toString()
    const known = await findSignIn(deps, /\/connect\/([a-z2-7]{26})\./.exec(link)?.[1] ?? '')
    if (known !== undefined && known.status !== 'confirmed' && known.expiresAt > deps.clock.now()) return link
  }
  const asked: SignInTarget = {
    ...wholeTarget(target),
    kind: 'admin-consent',
    consent: 'delegated',
    confirmation: 'confirmed-by-link',
  }
  const { link } = await insertSignIn(deps, tenant, { target: asked, registrationId })
  await stepSignIn(deps, signIn, { approvalSealed: sealer.seal(link, place) })
  return link
}

/** Personal accounts belong to no organisation. */
const hasAdministrators = ({ providers }: Toolbox, registration: Listed): boolean =>
  providers[registration.kind]?.organisations?.serves(registration) ?? false

function checkAppOnly(registration: Listed): void {
  if (registration.tenant === '~')
    throw conflict(
      'own_registration_needed',
      'Access without a person signed in needs an app registration of your own; this one is shared by all tenants.',
      'Add a registration with its client secret or certificate, then start again.',
    )
  if (registration.credential === 'none') throw withoutSecret(registration)
}

const withoutSecret = ({ name }: Listed): GatewayError =>
  conflict(
    'registration_without_secret',
    `The registration "${name}" has neither a client secret nor a certificate, so the application cannot sign in without a person.`,
    'Save the registration with a client secret or a certificate, then start again.',
  )
