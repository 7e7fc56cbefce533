/**
 * A mailbox goes: first it is switched off, which every worker reads before it polls or sends; then open mail fails and
 * is told, the connection disconnected unless another mailbox uses it, names, cursor and rows removed, the mailbox's
 * own row last. A crash leaves a mailbox that is off and can be removed again. Received mail and the journal stay for
 * the retention time. Guards: the tenant's default, and a mailbox with open mail, go only when forced.
 */
import { conflict, type GatewayError } from '../../errors.js'
import type { Mailbox, MailboxRef } from '../../model/mailbox.js'
import { connectionIdsOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { sameAddress } from '../../protocol/mail-address.js'
import { clearAttention } from '../../rows/attention.js'
import { findConnection } from '../../rows/connections.js'
import { setDue } from '../../rows/due.js'
import { releaseHold } from '../../rows/holders.js'
import { getMailbox, listMailboxes, removeMailboxRows, switchOffMailbox } from '../../rows/mailboxes.js'
import { findMailboxId, removeNamesOf, takeName } from '../../rows/names.js'
import { removeCursor } from '../../rows/receiving-state.js'
import { countOpenMails, endOpenMails } from '../send/mail-actions.js'
import { disconnect } from './disconnect.js'

/** Errors: `mailbox_is_default`, `mailbox_in_use`, both not with `force`. */
export async function removeMailbox(
  deps: Toolbox,
  { tenant, mailboxId: id }: MailboxRef,
  { force = false }: { force?: boolean } = {},
): Promise<void> {
  const mailbox = await getMailbox(deps, tenant, id)
  if (!force) await assertUnused(deps, mailbox)
  await switchOffMailbox(deps, mailbox)
  await setDue(deps, { kind: 'poll', tenant, id }, Number.POSITIVE_INFINITY)
  await endOpenMails(deps, { tenant, mailboxId: id })
  const others = (await listMailboxes(deps, tenant)).filter((one) => one.id !== id)
  const used = new Set(others.flatMap(connectionIdsOf))
  for (const connectionId of new Set(connectionIdsOf(mailbox)))
    if (!used.has(connectionId) && !(await isAppOnly(deps, tenant, connectionId)))
      await disconnect(deps, tenant, connectionId)
  await forgetMailbox(deps, mailbox, others)
}

async function assertUnused(deps: Toolbox, { tenant, id }: Mailbox): Promise<void> {
  const isDefault = (await findMailboxId(deps, tenant, 'default')) === id
  if (isDefault && (await listMailboxes(deps, tenant)).length > 1) throw isTheDefault()
  const open = await countOpenMails(deps, { tenant, mailboxId: id })
  if (open > 0) throw inUse(open)
}

/** Everything that names the mailbox, its own row last. */
async function forgetMailbox(
  deps: Toolbox,
  { tenant, id, address }: Mailbox,
  others: readonly Mailbox[],
): Promise<void> {
  await releaseHold(deps, { tenant, mailboxId: id, address })
  await removeNamesOf(deps, { tenant, mailboxId: id })
  // The address goes on meaning one of those that have it, the oldest.
  const [heir] = others
    .filter((one) => sameAddress(one.address, address))
    .sort((one, two) => one.createdAt.localeCompare(two.createdAt))
  if (heir) await takeName(deps, { tenant, mailboxId: heir.id }, { address })
  for (const kind of ['mailbox-receive', 'mailbox-send', 'mailbox-quarantine'] as const)
    await clearAttention(deps, { tenant, kind, id })
  await removeCursor(deps, { tenant, id })
  await removeMailboxRows(deps, { tenant, id })
}

/** An administrator allowed it for the whole organisation, whichever mailboxes it has today. */
async function isAppOnly(deps: Toolbox, tenant: string, connectionId: string): Promise<boolean> {
  return (await findConnection(deps, tenant, connectionId))?.mode === 'app-only'
}

const isTheDefault = (): GatewayError =>
  conflict(
    'mailbox_is_default',
    "This mailbox is the tenant's default mailbox.",
    'Make another mailbox the default first, or repeat with ?force=true; the gateway then refuses mail that names no mailbox until there is a default.',
  )

const inUse = (open: number): GatewayError =>
  conflict(
    'mailbox_in_use',
    `${open} mails of this mailbox have not been sent yet.`,
    'Wait until they are sent or cancel them first, or repeat with ?force=true; they then fail with mailbox_removed.',
  )
