/**
 * People hear when a mailbox is no longer read, and when it is again: a card and an event, each once per change. Both
 * come before the row says so, under an id that is the same until it works again, so that a crash repeats and never
 * forgets.
 */

import type { GatewayError } from '../../errors.js'
import { hashId } from '../../model/ids.js'
import type { Mailbox } from '../../model/mailbox.js'
import { connectionOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention, findAttention, isToldByConnection, raiseAttention } from '../../rows/attention.js'
import { emitEvent } from '../tell/emit-event.js'

/** `since`: when it last worked; `toldBefore`: the row says that people know. True when they hear something new. */
export async function tellStopped(
  deps: Toolbox,
  mailbox: Mailbox,
  { error, since, toldBefore }: { error: GatewayError; since: number; toldBefore: boolean },
): Promise<boolean> {
  const { tenant, id: mailboxId, address } = mailbox
  const connectionId = connectionOf(mailbox.receive)
  if (await isToldByConnection(deps, { tenant, connectionId }, error)) return false
  const about = { mailboxId, connectionId, subject: address }
  const isNew = await raiseAttention(deps, { tenant, kind: 'mailbox-receive', id: mailboxId, ...about }, error)
  if (!isNew && toldBefore) return false
  await emitEvent(deps, {
    tenant,
    type: 'connection.changed',
    id: hashId('receive-stopped', mailboxId, error.code, String(since)),
    data: {
      mailboxId,
      connectionId,
      direction: 'receive',
      state: error.class,
      code: error.code,
      description: error.description.slice(0, 500),
      remedy: error.remedy.slice(0, 500),
    },
  })
  return true
}

export async function tellWorking(deps: Toolbox, mailbox: Mailbox, since: number): Promise<void> {
  const { tenant, id: mailboxId } = mailbox
  const card = { tenant, kind: 'mailbox-receive', id: mailboxId } as const
  if ((await findAttention(deps, card)) === undefined) return
  await emitEvent(deps, {
    tenant,
    type: 'connection.changed',
    id: hashId('receive-works', mailboxId, String(since)),
    data: {
      mailboxId,
      connectionId: connectionOf(mailbox.receive),
      direction: 'receive',
      state: 'connected',
      code: null,
      description: null,
      remedy: null,
    },
  })
  await clearAttention(deps, card)
}
