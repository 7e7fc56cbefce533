/**
 * A message the host gave up on after five tries. Internal messages are hints: the due row of their subject brings the
 * work back, so burying one loses nothing; it is logged and shown. A mail from a trusted back end is different: its
 * text was the only copy, so it becomes a rejected row with its raw bytes kept in quarantine.
 */
import { GatewayError, type Hint } from '../../errors.js'
import { hashId, isId, isTenantId } from '../../model/ids.js'
import { metadataOf } from '../../model/mail-submission.js'
import { readMessage, textOf } from '../../model/queue-message.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { raiseAttention, removeAttention } from '../../rows/attention.js'
import { buriedMessages } from '../../rows/attention-lists.js'
import { writeLog } from '../../rows/logs.js'
import { findTenant } from '../../rows/tenants.js'
import { tellRejected } from '../send/accept-message.js'
import { isLaneWork } from '../send/drain-lane.js'

export async function buryMessage(deps: Toolbox, queue: string, given: unknown, messageId: string): Promise<void> {
  const read = readMessage(given)
  const refusal = 'refusal' in read ? read.refusal : undefined
  const text = textOf(given) ?? ''
  const message = 'message' in read ? read.message : undefined
  const named = 'tenant' in read ? read.tenant : tenantOf(message)
  const owner = isTenantId(named) ? await findTenant(deps, named) : undefined
  // Nothing is written under the name of a tenant that never was: nobody would find it there.
  const tenant = owner === undefined ? '~' : named
  // The schedule repeats internal work in messages of the same text: one card for all of them.
  const id = hashId(queue, queue === 'outbound-mail' ? messageId : text)
  if (owner !== undefined && owner.state !== 'active') return dropOfRemoved(deps, queue, id)
  const name = `${tenant}/messages/${id}`
  const kept = `${name} in the container ${deps.names.container('quarantine')}`
  const [hint, remedy] = whatHelps(queue, {
    isOther: isOther(queue, message),
    isUnreadable: refusal !== undefined,
    kept,
  })
  const error = new GatewayError('message_buried', 'permanent', {
    hint,
    description:
      refusal !== undefined
        ? `A message on the queue ${queue} was taken off: ${said(refusal)}`
        : isOther(queue, message)
          ? `A message on the queue ${queue} was taken off: it is none of those that the gateway puts there.`
          : `A message on the queue ${queue} failed five times and was taken off.`,
    remedy,
  })
  await deps.blobs.put(deps.names.container('quarantine'), name, Buffer.from(text))
  await writeLog(deps, logOf(queue), {
    tenant,
    state: 'rejected',
    code: error.code,
    description: error.description,
    remedy: error.remedy,
    messageId: id,
    failed: true,
  })
  await raiseAttention(deps, { tenant, kind: 'message', id }, error)
  if (queue === 'outbound-mail' && owner !== undefined)
    await tellRejected(deps, tenant, messageId, error, metadataOf((message as { mail?: unknown } | undefined)?.mail))
  deps.log.error('message-buried', { queue, tenant, messageId: id })
}

const logOf = (queue: string) => (queue === 'mailbox-poll' ? 'receivinglog' : 'sendinglog')

/** What nobody can read is for those who wrote it; a mail that failed for us was in order. */
function whatHelps(
  queue: string,
  { isOther, isUnreadable, kept }: { isOther: boolean; isUnreadable: boolean; kept: string },
): [hint: Hint, remedy: string] {
  if (isOther)
    return ['operator', `Nothing is lost. Find out what else writes to this queue; the message is kept as ${kept}.`]
  if (queue !== 'outbound-mail')
    return ['bug', 'Nothing is lost: the schedule brings the work back. Look at the log for the reason.']
  if (isUnreadable)
    return ['endpoint', `Correct what the back end writes and enqueue the mail again; the message is kept as ${kept}.`]
  return [
    'operator',
    `Look for the reason in the log, then enqueue ${kept} again: its idempotency key keeps it from being sent twice.`,
  ]
}

const said = ({ description }: GatewayError): string =>
  description.includes('not valid JSON')
    ? `it is not JSON as it is, and as JSON in base64 the ${description}`
    : `as JSON it breaks the rules: ${description}`

/** Nothing of a tenant that was removed is kept any more, not even what came too late (SEC-44): only that it came. */
async function dropOfRemoved(deps: Toolbox, queue: string, id: string): Promise<void> {
  await writeLog(deps, logOf(queue), {
    tenant: '~',
    state: 'rejected',
    code: 'message_buried',
    description: `A message on the queue ${queue} was dropped: it belongs to a tenant that was removed.`,
    remedy: 'Nothing is to be done. A back end that still writes for this tenant can stop.',
    messageId: id,
    failed: true,
  })
  deps.log.error('message-buried', { queue, tenant: '~', messageId: id })
}

const tenantOf = (message: unknown): string =>
  typeof message === 'object' && message !== null && 'tenant' in message ? String(message.tenant) : ''

/** Of another shape than the gateway's own: it would fail each of its tries, or only be written down (host 8). */
const isOther = (queue: string, message: unknown): boolean => isOfShape[queue]?.(message) === false

const isOfShape: Readonly<Record<string, (message: unknown) => boolean>> = {
  'mail-send': isLaneWork,
  'mailbox-poll': (message) => isJob(message, 'mailboxes', 'mailboxId'),
  'connection-refresh': (message) => isJob(message, 'connections', 'connectionId'),
  webhook: (message) => isSubject(message, 'endpointId') && (message as { v?: unknown }).v === 1,
}

function isJob(message: unknown, list: string, id: string): boolean {
  const { v, [list]: subjects } = (message ?? {}) as Record<string, unknown>
  return v === 1 && Array.isArray(subjects) && subjects.every((one) => isSubject(one, id))
}

function isSubject(subject: unknown, id: string): boolean {
  const { tenant, [id]: named } = (subject ?? {}) as Record<string, unknown>
  return typeof tenant === 'string' && isTenantId(tenant) && typeof named === 'string' && isId(named)
}

/** What the message says; one that nobody can act on would fail each of its tries and is buried at once. */
export async function readOrBury(deps: Toolbox, queue: string, given: unknown, messageId: string): Promise<unknown> {
  const read = readMessage(given)
  // Internal work comes back by the schedule; a mail of a back end is the only copy of its text.
  if ('newer' in read && queue === 'outbound-mail') return wait(deps, queue, read.newer, messageId)
  if ('message' in read && !isOther(queue, read.message))
    return deps.stopping.aborted ? passOn(deps, queue, read.message) : read.message
  await buryMessage(deps, queue, given, messageId)
  return undefined
}

/**
 * An instance that is being taken away does not begin it, and a delivery given back would count as a failed one: the
 * message is sent anew. A mail of a back end is accepted all the same, because its message's id keeps it from being
 * accepted twice, and it is a matter of a moment.
 */
async function passOn(deps: Toolbox, queue: string, message: unknown): Promise<unknown> {
  if (queue === 'outbound-mail') return message
  await deps.queues.send(deps.names.queue(queue as 'mail-send'), message, { delayMs: 1_000 })
  return undefined
}

const putBackMs = 60_000

/**
 * A newer build wrote it, which reads it when it is back (REL-13). It is sent anew as it is, with the id of its first
 * message, by which a mail without a key of its own is known.
 */
async function wait(
  deps: Toolbox,
  queue: string,
  { text, firstMessageId }: { text: string; firstMessageId: string | undefined },
  messageId: string,
): Promise<undefined> {
  const open = text.indexOf('{') + 1
  const first = firstMessageId === undefined ? `"firstMessageId":${JSON.stringify(messageId)},` : ''
  const again = Buffer.from(`${text.slice(0, open)}${first}${text.slice(open)}`)
  await deps.queues.send(deps.names.queue(queue as 'outbound-mail'), again, { delayMs: putBackMs })
}

const shownMs = 7 * 86_400_000

/** Nothing makes a buried message healthy again: its card is shown for a week. The raw bytes stay longer. */
export async function forgetBuried(deps: Toolbox): Promise<void> {
  for await (const card of buriedMessages(deps))
    if (deps.clock.now() - Date.parse(card.since) > shownMs) await removeAttention(deps, card)
}
