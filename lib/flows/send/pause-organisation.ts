/**
 * Some limits of a provider are those of a whole organisation (M-164): at the first refusal every mailbox of it waits,
 * instead of finding out for itself. The worker that began the pause writes it into the lanes; this process knows it at
 * once. When the pause ends, the mailbox that was refused tries first, and the others follow over ten minutes, so that
 * one more refusal is all there is when the limit still holds.
 */
import type { GatewayError } from '../../errors.js'
import type { Connection } from '../../model/connection.js'
import { hashId } from '../../model/ids.js'
import type { Mailbox, MailboxRef } from '../../model/mailbox.js'
import { connectionOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { listConnections } from '../../rows/connections.js'
import { mapInBatches } from '../../rows/delete-rows.js'
import { changeLane } from '../../rows/lane.js'
import { listMailboxes } from '../../rows/mailboxes.js'
import { beginPause } from '../../rows/organisation-pauses.js'

const firstTryMs = 5 * 60_000
const spreadMs = 10 * 60_000
const mostRemembered = 1_000

/** Whose limits count for a mailbox: its directory, or where nobody signed in the domain of its address. */
export const organisationOf = (
  { address }: Pick<Mailbox, 'address'>,
  connection: Pick<Connection, 'identity'> | undefined,
): string => connection?.identity?.tenantId ?? address.slice(address.lastIndexOf('@') + 1).toLowerCase()

const keyOf = (tenant: string, organisation: string): string => `${tenant}~${organisation}`

/** Milliseconds; 0: this process knows of no pause. */
export function organisationOpensAt(deps: Toolbox, tenant: string, organisation: string): number {
  const until = deps.memory.organisationPauses.get(keyOf(tenant, organisation)) ?? 0
  return until > deps.clock.now() ? until : 0
}

/** Returns until when, milliseconds. */
export async function pauseOrganisation(
  deps: Toolbox,
  { tenant, mailboxId, organisation }: MailboxRef & { organisation: string },
  error: GatewayError,
): Promise<number> {
  const { until, begun } = await beginPause(deps, tenant, organisation)
  const { organisationPauses } = deps.memory
  if (organisationPauses.size >= mostRemembered) organisationPauses.clear()
  organisationPauses.set(keyOf(tenant, organisation), until)
  if (!begun) return until
  const connections = new Map((await listConnections(deps, tenant)).map((one) => [one.id, one]))
  const others = (await listMailboxes(deps, tenant)).filter(
    (one) =>
      one.id !== mailboxId &&
      one.send.transport !== 'none' &&
      organisationOf(one, connections.get(connectionOf(one.send))) === organisation,
  )
  const failure = error.description.slice(0, 500)
  await mapInBatches(others, ({ id }) => {
    const pausedUntil = until + firstTryMs + spreadOf(id)
    return changeLane(deps, { tenant, mailboxId: id }, ({ pausedUntil: known, failures }) =>
      known >= pausedUntil ? undefined : { pausedUntil, failures: Math.max(failures, 1), failure },
    )
  })
  deps.log.warn('organisation-paused', {
    tenant,
    mailboxes: others.length + 1,
    code: error.code,
    ms: until - deps.clock.now(),
  })
  return until
}

/** The same each time for the same mailbox. */
const spreadOf = (mailboxId: string): number =>
  [...hashId('spread', mailboxId)].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % spreadMs, 0)
