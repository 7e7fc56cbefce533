/**
 * A message the host gave up on after five tries. Internal messages are hints: the due row of their subject brings the
 * work back, so burying one loses nothing; it is logged and shown. A mail from a trusted back end is different: its
 * text was the only copy, so it becomes a rejected row with its raw bytes kept in quarantine.
 */
import { GatewayError } from '../../errors.js'
import { hashId, isTenantId } from '../../model/ids.js'
import { metadataOf } from '../../model/mail-submission.js'
import { readMessage } from '../../model/queue-message.js'
import type { Row } from '../../ports/tables.js'
import { raiseAttention } from '../common/attention.js'
import type { Dependencies } from '../common/dependencies.js'
import { writeLog } from '../common/log-row.js'
import { tellRejected } from '../send/accept-message.js'
import { isLaneWork } from '../send/drain-lane.js'

export async function buryMessage(deps: Dependencies, queue: string, given: unknown, messageId: string): Promise<void> {
  const read = readMessage(given)
  const refusal = 'refusal' in read ? read.refusal : undefined
  const message = 'message' in read ? read.message : given
  const named = 'tenant' in read ? read.tenant : tenantOf(message)
  const tenant = isTenantId(named) ? named : '~'
  const text = typeof message === 'string' ? message : JSON.stringify(message)
  // The schedule repeats internal work in messages of the same text: one card for all of them.
  const id = hashId(queue, queue === 'outbound-mail' ? messageId : text)
  const owner = tenant === '~' ? undefined : await deps.tables.get(deps.names.table('tenants'), tenant, 'tenant')
  // Nothing of a tenant that was removed is kept any more, not even what came too late (SEC-44).
  if ((owner?.['removedAt'] ?? '') !== '') return deps.log.error('message-buried', { queue, tenant, messageId: id })
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
        ? `A message on the queue ${queue} was taken off: it is not JSON as it is, and as JSON in base64 the ${refusal.description}`
        : isOther(queue, message)
          ? `A message on the queue ${queue} was taken off: it is none of those that the gateway puts there.`
          : `A message on the queue ${queue} failed five times and was taken off.`,
    remedy,
  })
  await deps.blobs.put(deps.names.container('quarantine'), name, Buffer.from(text))
  await writeLog(
    deps,
    queue === 'mailbox-poll' ? 'receivinglog' : 'sendinglog',
    {
      tenant,
      state: 'rejected',
      code: error.code,
      description: error.description,
      remedy: error.remedy,
      messageId: id,
    },
    true,
  )
  await raiseAttention(deps, tenant, 'message', id, error)
  if (queue === 'outbound-mail' && owner !== undefined)
    await tellRejected(deps, tenant, messageId, error, metadataOf((message as { mail?: unknown }).mail))
  deps.log.error('message-buried', { queue, tenant, messageId: id })
}

/** What nobody can read is for those who wrote it; a mail that failed for us was in order. */
function whatHelps(
  queue: string,
  { isOther, isUnreadable, kept }: { isOther: boolean; isUnreadable: boolean; kept: string },
): [hint: string, remedy: string] {
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

const tenantOf = (message: unknown): string =>
  typeof message === 'object' && message !== null && 'tenant' in message ? String(message.tenant) : ''

/** Of another shape than the gateway's own: what drains the lanes would only write it down (host 8). */
const isOther = (queue: string, message: unknown): boolean => queue === 'mail-send' && !isLaneWork(message)

/** What the message says; one that nobody can act on would fail each of its tries and is buried at once. */
export async function readOrBury(
  deps: Dependencies,
  queue: string,
  given: unknown,
  messageId: string,
): Promise<unknown> {
  const read = readMessage(given)
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
async function passOn(deps: Dependencies, queue: string, message: unknown): Promise<unknown> {
  if (queue === 'outbound-mail') return message
  await deps.queues.send(deps.names.queue(queue as 'mail-send'), message, { delayMs: 1_000 })
  return undefined
}

const shownMs = 7 * 86_400_000

/** Those that are shown, of all tenants. */
export const buriedMessages = (deps: Dependencies): AsyncIterable<Row> =>
  deps.tables.query(deps.names.table('attention'), {
    partitionRange: ['0', '~~'],
    rowRange: ['message~', 'message~~'],
  })

/** Nothing makes a buried message healthy again: its card is shown for a week. The raw bytes stay longer. */
export async function forgetBuried(deps: Dependencies): Promise<void> {
  for await (const row of buriedMessages(deps))
    if (deps.clock.now() - Date.parse(String(row['since'])) > shownMs)
      await deps.tables.remove(deps.names.table('attention'), row.partitionKey, row.rowKey)
}
