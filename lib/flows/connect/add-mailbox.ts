/**
 * A mailbox on a connection by which the application opens mailboxes itself: nobody has to sign in, so an app or an
 * administrator simply names it, by address and, when Microsoft knows it by another name, by object id or user
 * principal name. It is tried out like one that was signed in to: what does not work is a verdict, not a refusal
 * (M-029, M-072).
 */
import { conflict, type GatewayError, invalidInput } from '../../errors.js'
import type { MailboxCreateInput } from '../../model/api-schemas.js'
import { hashId } from '../../model/ids.js'
import { comparableName } from '../../model/mailbox-name.js'
import type { Verdicts } from '../../model/sign-in.js'
import { asGranted } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findConnection } from '../../rows/connections.js'
import { setDue } from '../../rows/due.js'
import { takeHold } from '../../rows/holders.js'
import { findMailbox } from '../../rows/mailboxes.js'
import { readAuthority } from '../tokens/authority-for.js'
import { providerOf } from '../tokens/provider-of.js'
import { findClient } from '../tokens/registrations.js'
import { isDirectoryOf } from './prove-address.js'
import { assertNamesFree, createMailbox, mailboxExists } from './save-mailbox.js'
import { transportOf } from './start-admin-consent.js'
import { probeInTime } from './try-out.js'

export interface AddedMailbox {
  mailboxId: string
  connectionId: string
  address: string
  verdicts: Verdicts
}

/**
 * Errors: `invalid_input`, `sign_in_needed`, `mailbox_exists`, `mailbox_held`, and what the connection itself lacks.
 */
export async function addMailbox(deps: Toolbox, tenant: string, input: MailboxCreateInput): Promise<AddedMailbox> {
  const { address, connectionId, user } = input
  if (!input.receive && !input.send)
    throw invalidInput('receive', 'or send must be true: a mailbox needs one direction.')
  const connection = await findConnection(deps, tenant, connectionId)
  if (connection === undefined) throw invalidInput('connectionId', 'is not a connection of this tenant.')
  if (connection.mode !== 'app-only')
    throw conflict(
      'sign_in_needed',
      'This connection belongs to a person who signed in; it cannot open another mailbox.',
      'Start a sign-in for the mailbox, or ask an administrator to consent to the application itself.',
    )
  // The same id for the same wish, so that a repetition after a crash finishes what was begun.
  const mailboxId = hashId('app-only', tenant, connectionId, address.toLowerCase(), ...namePart(input.name))
  await assertNamesFree(deps, { tenant, mailboxId }, input)
  if ((await findMailbox(deps, tenant, mailboxId)) !== undefined) throw mailboxExists()

  const provider = providerOf(deps, connection.provider)
  const transport = input.transport ?? transportOf(connection)
  const wish = { address, receive: input.receive, send: input.send, transport, consent: 'app-only' } as const
  const { receive, send, resource } = provider.plan(
    user === undefined ? wish : { ...wish, mailboxUser: user },
    connection.identity?.issuer,
  )
  const wanted = { ...(receive ? { receive } : {}), ...(send ? { send: asGranted(send, connection.scopes) } : {}) }
  const verdicts = await probeInTime(deps, {
    authority: await readAuthority(deps, { tenant, connectionId }, { user: address, resource }),
    of: { provider, resource },
    ...wanted,
  })
  const unknown = unknownUser(verdicts, user === undefined ? 'address' : 'user')
  if (unknown) throw unknown
  const { registration } = await findClient(deps, { tenant, id: connection.registrationId })
  const identity = connection.identity ?? {}
  if (await isDirectoryOf({ provider, registration }, identity, [address]))
    await takeHold(deps, { tenant, mailboxId, address })
  const { name, displayName } = input
  const made = { tenant, mailboxId, connectionId, address, name, displayName }
  await createMailbox(deps, user === undefined ? made : { ...made, mailboxUser: user }, wanted)
  if (input.receive) await setDue(deps, { kind: 'poll', tenant, id: mailboxId }, deps.clock.now())
  return { mailboxId, connectionId, address, verdicts }
}

/** Of the id: nothing without a name. */
export const namePart = (name = ''): string[] => (name === '' ? [] : [comparableName(name)])

/** Microsoft's words for somebody who is not in the organisation: no later try would find them. */
const nobody: ReadonlySet<string> = new Set(['graph_errorinvaliduser', 'graph_request_resourcenotfound'])

function unknownUser({ reading, sending }: Verdicts, field: 'address' | 'user'): GatewayError | undefined {
  const tried = [reading, sending].filter((one) => one.verdict !== 'not-tested')
  const isNobody = tried.length > 0 && tried.every((one) => one.verdict === 'fails' && nobody.has(one.code))
  return isNobody
    ? invalidInput(field, 'is not a mailbox of the organisation that consented to the application; correct it.')
    : undefined
}
