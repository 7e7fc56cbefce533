/**
 * A confirmation was refused, or never came to its end: nothing of it stays, no secret and no row that a later sweep
 * would pick up. Names, hold, connection and grant of a mailbox that was not made are taken back. The status says how
 * it ended, and until the link expires the person may sign in anew.
 */
import type { GatewayError } from '../../errors.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { removeConnectionRow } from '../../rows/connections.js'
import { setDue } from '../../rows/due.js'
import { releaseHold } from '../../rows/holders.js'
import { writeLog } from '../../rows/logs.js'
import { findMailbox } from '../../rows/mailboxes.js'
import { releaseName } from '../../rows/names.js'
import { type StoredSignIn, stepSignIn } from '../../rows/sign-ins.js'
import { forgetGrant } from '../tokens/forget-grant.js'
import { linkEndsAt } from './insert-sign-in.js'
import { tellEnded } from './tell-sign-in.js'

/** Columns of a sign-in that is over. */
export const noSecrets = { sealedGrant: '', resultHash: '', resultSealed: '' } as const

export async function refuseConfirmation(deps: Toolbox, signIn: StoredSignIn, { code }: GatewayError): Promise<void> {
  const { tenant, id } = signIn
  await undoConfirmation(deps, signIn)
  const expiresAt = linkEndsAt(deps, signIn)
  await setDue(deps, { kind: 'signin', tenant, id }, expiresAt)
  const gone = {
    ...noSecrets,
    identity: undefined,
    verdicts: undefined,
    connectionId: '',
    mailboxId: '',
    stateHash: '',
  }
  await stepSignIn(deps, signIn, {
    ...gone,
    status: 'refused',
    refusal: code,
    confirmingUntil: 0,
    told: false,
    expiresAt,
  })
  await writeLog(deps, 'auditlog', { tenant, action: 'sign-in-refused', subject: id, code, failed: true })
  await tellEnded(deps, signIn, { state: 'refused', code })
}

/** A mailbox that was made stays; so does everything that a reconnect found. */
export async function undoConfirmation(
  deps: Toolbox,
  { tenant, target, mailboxId = '', connectionId }: StoredSignIn,
): Promise<void> {
  if (target.kind !== 'connect' || mailboxId === '') return
  if ((await findMailbox(deps, tenant, mailboxId)) !== undefined) return
  await releaseName(deps, { tenant, mailboxId }, { address: target.address })
  if (target.name) await releaseName(deps, { tenant, mailboxId }, { name: target.name })
  await releaseHold(deps, { tenant, mailboxId, address: target.address })
  if (connectionId === '') return
  await forgetGrant(deps, tenant, connectionId)
  await removeConnectionRow(deps, tenant, connectionId)
}
