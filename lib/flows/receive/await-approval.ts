/**
 * A mailbox that was connected for sending, because reading needs an administrator of its organisation (M-142). Its due
 * row stands for a try instead of a poll, soon after the sign-in often and later rarely; the consent of an administrator
 * by our own page makes it due at once. When the provider grants the wider permissions, the mailbox receives from then
 * on: same id, nobody signs in again, and sending takes the way that can be looked up. A refusal is what was expected
 * and is told nowhere; the card that names the administrator stands since the sign-in. A connection that broke says so
 * itself.
 */
import { asGatewayError } from '../../errors.js'
import { hashId } from '../../model/ids.js'
import { readingAwaitsApproval } from '../../model/later-receiving.js'
import type { AwaitedReceiving, Mailbox, MailboxRef } from '../../model/mailbox.js'
import { receiveTransports, resourceOfTransport } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention, raiseAttention } from '../../rows/attention.js'
import { changeRow } from '../../rows/change-row.js'
import { findConnection } from '../../rows/connections.js'
import { setDue } from '../../rows/due.js'
import { writeLog } from '../../rows/logs.js'
import { findMailbox, updateMailbox } from '../../rows/mailboxes.js'
import { settingsOf } from '../../rows/settings.js'
import { emitEvent } from '../tell/emit-event.js'
import { providerOf } from '../tokens/provider-of.js'
import { widenGrant } from '../tokens/widen-grant.js'

const hour = 3_600_000
const longestMs = 6 * hour

/** What a mailbox waits for; undefined when it does not. */
export const awaitedBy = ({ receive }: Pick<Mailbox, 'receive'>): AwaitedReceiving | undefined =>
  receive.transport === 'none' ? receive.awaiting : undefined

/** People hear who must act, once. */
export async function tellAwaiting(deps: Toolbox, mailbox: Mailbox, { receive, since }: AwaitedReceiving) {
  const { tenant, id: mailboxId, address } = mailbox
  const { connectionId } = receive
  const error = readingAwaitsApproval(address)
  await raiseAttention(
    deps,
    { tenant, kind: 'mailbox-receive', id: mailboxId, mailboxId, connectionId, subject: address },
    error,
  )
  await tell(deps, { tenant, mailboxId, connectionId }, { since, state: 'needs-admin', error })
}

/** True when it receives from now on. */
export async function tryToReceive(deps: Toolbox, mailbox: Mailbox, awaited: AwaitedReceiving): Promise<boolean> {
  const { tenant, id } = mailbox
  try {
    await widen(deps, mailbox, awaited)
    return await startReceiving(deps, { tenant, mailboxId: id })
  } catch (error) {
    deps.log.info('approval-awaited', { tenant, mailboxId: id, code: asGatewayError(error).code })
    const { pollMinMs } = await settingsOf(deps, mailbox)
    const now = deps.clock.now()
    const waitedMs = Math.max(now - Date.parse(awaited.since), 0)
    const waitMs = Math.min(Math.max(waitedMs / 20, pollMinMs), longestMs)
    await setDue(deps, { kind: 'poll', tenant, id }, now + waitMs * (0.9 + Math.random() * 0.1))
    return false
  }
}

async function widen(deps: Toolbox, { tenant, address }: Mailbox, { receive }: AwaitedReceiving): Promise<void> {
  const { connectionId } = receive
  const connection = await findConnection(deps, tenant, connectionId)
  if (connection === undefined) return
  const target = receiveTransports[receive.transport].target(receive, { connection, address })
  // All that both directions need: from now on it sends by draft, and mail may be marked, moved or deleted.
  const scopes = providerOf(deps, connection.provider).neededScopes('receive', target, { changesMail: true })
  await widenGrant(deps, { tenant, connectionId }, { resource: resourceOfTransport(receive.transport), scopes })
}

/** Safe to repeat: what is told is told before the row says so. */
async function startReceiving(deps: Toolbox, { tenant, mailboxId }: MailboxRef): Promise<boolean> {
  const known = await findMailbox(deps, tenant, mailboxId)
  const awaited = known && awaitedBy(known)
  if (awaited === undefined) return false
  const { connectionId } = awaited.receive
  await tell(deps, { tenant, mailboxId, connectionId }, { since: awaited.since, state: 'connected' })
  await clearAttention(deps, { tenant, kind: 'mailbox-receive', id: mailboxId })
  await writeLog(deps, 'auditlog', { tenant, action: 'receiving-approved', subject: mailboxId, connectionId })
  return changeRow(async () => {
    const now = await findMailbox(deps, tenant, mailboxId)
    const wanted = now && awaitedBy(now)
    if (now === undefined || wanted === undefined) return false
    const { etag, ...mailbox } = now
    await updateMailbox(deps, { ...mailbox, receive: wanted.receive, epoch: mailbox.epoch + 1 }, etag)
    return true
  })
}

async function tell(
  deps: Toolbox,
  { tenant, mailboxId, connectionId }: MailboxRef & { connectionId: string },
  {
    since,
    state,
    error,
  }: { since: string; state: 'connected' | 'needs-admin'; error?: ReturnType<typeof readingAwaitsApproval> },
): Promise<void> {
  await emitEvent(deps, {
    tenant,
    type: 'connection.changed',
    id: hashId('receive-approval', mailboxId, state, since),
    data: {
      mailboxId,
      connectionId,
      direction: 'receive',
      state,
      code: error?.code ?? null,
      description: error?.description ?? null,
      remedy: error?.remedy ?? null,
    },
  })
}
