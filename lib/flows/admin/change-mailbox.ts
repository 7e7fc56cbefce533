/**
 * People change a mailbox: its key, names, purpose, whether it works, how it receives and sends, or that it is the one
 * used when a mail names none. Open mail knows its mailbox by id and survives every rename. Each change of receive or
 * send counts the epoch, so that a running job notices. A key is unique by insert; "exactly one default" is one write
 * of one row, so that the second clears the first in the same moment.
 */

import { conflict, invalidInput, RowChangedError } from '../../errors.js'
import type { MailboxChange } from '../../model/admin-schemas.js'
import { plainTextRefused, refusedCombination } from '../../model/combinations.js'
import type { Connection } from '../../model/connection.js'
import type { Mailbox, MailboxRef } from '../../model/mailbox.js'
import { comparableName } from '../../model/mailbox-name.js'
import { providerFacts } from '../../model/providers.js'
import { connectionOf, serverOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { isSettableHeader } from '../../protocol/compose-mail.js'
import { parseMailAddress, sameAddress } from '../../protocol/mail-address.js'
import { haveSameOwner } from '../../protocol/registrable-domain.js'
import { clearAttention } from '../../rows/attention.js'
import { changeRow } from '../../rows/change-row.js'
import { findConnection } from '../../rows/connections.js'
import { setDue } from '../../rows/due.js'
import { getMailbox, updateMailbox } from '../../rows/mailboxes.js'
import { nameTaken, releaseName, removeName, setDefaultMailbox, takeName } from '../../rows/names.js'
import { awaitedBy } from '../receive/await-approval.js'
import { openGate } from '../send/gate.js'
import { checkReceiveGrant, checkSendGrant } from './check-grant.js'
import { type MailboxFacts, readMailboxFacts } from './mailboxes.js'

export async function changeMailbox(deps: Toolbox, mailbox: MailboxRef, change: MailboxChange): Promise<MailboxFacts> {
  const { tenant, mailboxId: id } = mailbox
  const { before, after } = await write(deps, mailbox, change)
  if (change.default) await setDefaultMailbox(deps, mailbox)
  if (change.addressDefault) await setDefaultMailbox(deps, mailbox, { address: after.address })
  // Nobody waits for an administrator any more.
  if (awaitedBy(before) !== undefined && awaitedBy(after) === undefined)
    await clearAttention(deps, { tenant, kind: 'mailbox-receive', id })
  if (after.active && after.receive.transport !== 'none')
    await setDue(deps, { kind: 'poll', tenant, id }, deps.clock.now())
  // Corrected settings deserve a try at once, whatever closed the gate before.
  if (change.send !== undefined) await openGate(deps, { tenant, mailboxId: id })
  if (after.active && !before.active) await setDue(deps, { kind: 'lane', tenant, id }, deps.clock.now())
  return readMailboxFacts(deps, tenant, id)
}

/** Two people may edit at once: whoever comes second works on what the first one left. */
async function write(
  deps: Toolbox,
  { tenant, mailboxId }: MailboxRef,
  change: MailboxChange,
): Promise<{ before: Mailbox; after: Mailbox }> {
  const { default: _, addressDefault: __, ...fields } = change
  const moved = change.receive !== undefined || change.send !== undefined
  const written = changeRow(async () => {
    const { etag, ...before } = await getMailbox(deps, tenant, mailboxId)
    const after = { ...before, ...fields, epoch: before.epoch + (moved ? 1 : 0) } as Mailbox
    await checkConnections(deps, { before, after }, change)
    checkDefaults(after)
    if (after.key !== before.key && !(await takeName(deps, { tenant, mailboxId }, { key: after.key })))
      throw keyTaken(after.key)
    const { name } = after
    if (name !== before.name && name !== '' && !(await takeName(deps, { tenant, mailboxId }, { name }))) {
      if (after.key !== before.key) await releaseName(deps, { tenant, mailboxId }, { key: after.key })
      throw nameTaken(name)
    }
    await updateMailbox(deps, after, etag)
    return { before, after }
  })
  const { before, after } = await written.catch((error: unknown) => {
    throw error instanceof RowChangedError ? busy() : error
  })
  if (after.key !== before.key) await removeName(deps, tenant, { key: before.key })
  if (before.name !== '' && comparableName(after.name) !== comparableName(before.name))
    await removeName(deps, tenant, { name: before.name })
  return { before, after }
}

async function checkConnections(
  deps: Toolbox,
  { before, after }: { before: Mailbox; after: Mailbox },
  change: MailboxChange,
): Promise<void> {
  for (const field of ['receive', 'send'] as const) {
    const direction = change[field]
    if (direction === undefined || direction.transport === 'none') continue
    const connection = await findConnection(deps, before.tenant, direction.connectionId)
    if (connection === undefined)
      throw invalidInput(
        `${field}.connectionId`,
        'is not a connection of this tenant; use the connectionId of one of its mailboxes, or connect the mailbox.',
      )
    if (field === 'send') checkSendGrant(deps, after, connection)
    else await checkReceiveGrant(deps, after, { connection, field: 'receive.after' })
    const server = serverOf(direction as Mailbox['receive'] | Mailbox['send'])
    const { mode, provider } = connection
    const { transport } = direction
    const refused = refusedCombination({ direction: field, mode, provider, transport, tls: server?.tls })
    if (refused) throw invalidInput(refused.field, refused.message)
    if (server === undefined) continue
    if (server.tls === 'plain' && !(await deps.isPlainTextHost(server.host)))
      throw invalidInput(`${field}.${transport}.tls`, plainTextRefused)
    if (!(await mayReceiveCredentials(before, connection, server.host.toLowerCase())))
      throw needsSignIn(field, server.host)
  }
}

/**
 * A server that is named gets the password or the token at the next poll. So only those hear it that the owner signed
 * in to, or others of the same owner, and for a provider's tokens its own: whoever holds a key cannot send a mailbox
 * owner's secret to a server of theirs.
 */
async function mayReceiveCredentials(before: Mailbox, connection: Connection, server: string): Promise<boolean> {
  if (connection.mode === 'anonymous') return true
  for (const one of [before.receive, before.send]) {
    const known = connectionOf(one) === connection.id ? serverOf(one)?.host.toLowerCase() : ''
    if (!known) continue
    if (known === server || (connection.mode === 'password' && (await haveSameOwner(known, server)))) return true
  }
  return providerFacts[connection.provider].ownsServer(server)
}

const needsSignIn = (field: string, server: string) =>
  conflict(
    'server_needs_sign_in',
    `${field}: the mailbox owner has not signed in to ${server}.`,
    'Create a reconnect link with "allowChange": ["server"]: the owner names the server and types the password for it.',
  )

/** A default that no mail could be sent with is refused here, not at each mail. */
function checkDefaults({ defaults = {}, address, sendAs }: Mailbox): void {
  const { from, headers = {} } = defaults
  const sender = typeof from === 'string' ? from : from?.address
  if (sender !== undefined && ![address, ...sendAs].some((one) => sameAddress(one, sender)))
    throw invalidInput('defaults.from', `must be ${address} or one of its sendAs addresses.`)
  for (const [field, people] of Object.entries({ replyTo: [defaults.replyTo], bcc: defaults.bcc ?? [] }))
    for (const one of people)
      if (one !== undefined) parseMailAddress(typeof one === 'string' ? one : one.address, `defaults.${field}`)
  const refused = Object.keys(headers).find((name) => !isSettableHeader(name))
  if (refused !== undefined) throw invalidInput(`defaults.headers.${refused}`, 'cannot be set here; leave it out.')
}

const keyTaken = (key: string) =>
  conflict(
    'mailbox_key_taken',
    `key: "${key}" belongs to another mailbox.`,
    'Choose another key of 1 to 5 characters (a-z, 0-9).',
  )

const busy = () =>
  conflict('changed_meanwhile', 'Other requests keep changing this mailbox.', 'Read it again, then repeat the change.')
