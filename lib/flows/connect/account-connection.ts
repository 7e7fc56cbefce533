/** The connection of an account at mail servers: its row, and its password in the vault. */
import { notFound } from '../../errors.js'
import type { Connection } from '../../model/connection.js'
import type { MailboxRef } from '../../model/mailbox.js'
import { connectionIdsOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { changeRow } from '../../rows/change-row.js'
import { findConnection, removeConnectionRow, saveConnection } from '../../rows/connections.js'
import { findMailbox } from '../../rows/mailboxes.js'
import { forgetGrant } from '../tokens/forget-grant.js'
import { storeGrant } from '../tokens/store-grant.js'
import type { Account } from './try-servers.js'

interface OfAccount {
  tenant: string
  connectionId: string
  account: Account
}

/** Its row first, so that what a crash leaves can be seen and removed. */
export async function saveAccount(deps: Toolbox, of: OfAccount): Promise<void> {
  await saveConnection(deps, rowOf(deps, of), undefined)
  await storePassword(deps, of)
}

/**
 * In place of the one that is there: its id stays, and so does all that uses it. The password first: the row says that
 * it works. Throws RowChangedError when others keep changing the row.
 */
export async function replaceAccount(deps: Toolbox, of: OfAccount): Promise<void> {
  await storePassword(deps, of)
  await changeRow(async () => {
    const known = await findConnection(deps, of.tenant, of.connectionId)
    if (known === undefined) throw notFound('connection')
    await saveConnection(deps, rowOf(deps, of, known), known)
  })
}

async function storePassword(deps: Toolbox, { tenant, connectionId, account }: OfAccount): Promise<void> {
  if (account.mode === 'password')
    await storeGrant(deps, { tenant, connectionId, grant: { kind: 'password', password: account.password.reveal() } })
}

function rowOf(deps: Toolbox, { tenant, connectionId, account }: OfAccount, known?: Connection): Connection {
  const now = new Date(deps.clock.now()).toISOString()
  return {
    id: connectionId,
    tenant,
    mode: account.mode,
    provider: 'basic',
    registrationId: '',
    username: account.mode === 'password' ? account.username : '',
    scopes: [],
    state: 'connected',
    reason: '',
    stateSince: known?.state === 'connected' ? known.stateSince : now,
    createdAt: known?.createdAt ?? now,
    connectedAt: now,
  }
}

/** Those of these that the mailbox does not use. */
export async function disconnectUnused(
  deps: Toolbox,
  { tenant, mailboxId }: MailboxRef,
  ids: readonly string[],
): Promise<void> {
  const mailbox = await findMailbox(deps, tenant, mailboxId)
  const used = mailbox === undefined ? [] : connectionIdsOf(mailbox)
  for (const id of ids) {
    if (used.includes(id)) continue
    await forgetGrant(deps, tenant, id)
    await removeConnectionRow(deps, tenant, id)
  }
}
