/**
 * A message the host gave up on after five tries. Internal messages are hints: the due row of their subject brings the
 * work back, so burying one loses nothing; it is logged and shown. A mail from a trusted back end is different: its
 * text was the only copy, so it becomes a rejected row with its raw bytes kept in quarantine.
 */
import { GatewayError, type Hint } from '../../errors.js'
import { hashId, isTenantId } from '../../model/ids.js'
import { metadataOf } from '../../model/mail-submission.js'
import { type Message, readMessage } from '../../model/messages.js'
import type { QueueName } from '../../model/names.js'
import { type NewerMessage, textOf } from '../../model/queue-message.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { raiseAttention, removeAttention } from '../../rows/attention.js'
import { buriedMessages } from '../../rows/attention-lists.js'
import { writeLog } from '../../rows/logs.js'
import { enqueueAgain } from '../../rows/messages.js'
import { findTenant } from '../../rows/tenants.js'
import { tellRejected } from '../send/accept-message.js'

/** One message as the host hands it over. */
export interface QueueDelivery {
  given: unknown
  messageId: string
}

export async function buryMessage(deps: Toolbox, queue: QueueName, { given, messageId }: QueueDelivery): Promise<void> {
  const read = readMessage(queue, given)
  const refusal = 'refusal' in read ? read.refusal : undefined
  // On a queue of our own also what cannot be read was put there by somebody else.
  const isOther = 'other' in read || (refusal !== undefined && queue !== 'outbound-mail')
  const text = textOf(given) ?? ''
  const said = 'message' in read ? read.given : 'other' in read ? read.other : undefined
  const named = 'tenant' in read ? read.tenant : tenantOf(said)
  const owner = isTenantId(named) ? await findTenant(deps, named) : undefined
  // Nothing is written under the name of a tenant that never was: nobody would find it there.
  const tenant = owner === undefined ? '~' : named
  // The schedule repeats internal work in messages of the same text: one card for all of them.
  const id = hashId(queue, queue === 'outbound-mail' ? messageId : text)
  if (owner !== undefined && owner.state !== 'active') return dropOfRemoved(deps, queue, id)
  const name = `${tenant}/messages/${id}`
  const kept = `${name} in the container ${deps.names.container('quarantine')}`
  const [hint, remedy] = whatHelps(queue, { isOther, isUnreadable: refusal !== undefined, kept })
  const error = new GatewayError('message_buried', 'permanent', {
    hint,
    description:
      refusal !== undefined
        ? `The gateway removed a message from the queue ${queue}: ${inWords(refusal)}`
        : isOther
          ? `The gateway removed a message from the queue ${queue}: it is not one that the gateway puts there.`
          : `A message on the queue ${queue} failed five times, and the gateway removed it.`,
    remedy,
  })
  await deps.blobs.put(deps.names.container('quarantine'), { name, bytes: Buffer.from(text) })
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
    await tellRejected(
      deps,
      { tenant, queueMessageId: messageId, metadata: metadataOf((said as { mail?: unknown } | undefined)?.mail) },
      error,
    )
  deps.log.error('message-buried', { queue, tenant, messageId: id })
}

const logOf = (queue: QueueName) => (queue === 'mailbox-poll' ? 'receivinglog' : 'sendinglog')

/** What nobody can read is for those who wrote it; a mail that failed for us was in order. */
function whatHelps(
  queue: QueueName,
  { isOther, isUnreadable, kept }: { isOther: boolean; isUnreadable: boolean; kept: string },
): [hint: Hint, remedy: string] {
  if (isOther)
    return ['operator', `Nothing is lost. Find out what else writes to this queue; the message is kept as ${kept}.`]
  if (queue !== 'outbound-mail')
    return ['bug', 'Nothing is lost: the schedule repeats the work. Look for the reason in the log.']
  if (isUnreadable)
    return [
      'endpoint',
      `Correct what the back end writes, then enqueue the mail again; the message is kept as ${kept}.`,
    ]
  return [
    'operator',
    `Look for the reason in the log, then enqueue ${kept} again: its idempotency key prevents sending it twice.`,
  ]
}

const inWords = ({ description }: GatewayError): string =>
  description.includes('not valid JSON')
    ? `it is not JSON as it is, and as JSON in base64 the ${description}`
    : `as JSON it breaks the rules: ${description}`

/** Nothing of a tenant that was removed is kept any more, not even what came too late (SEC-44): only that it came. */
async function dropOfRemoved(deps: Toolbox, queue: QueueName, id: string): Promise<void> {
  await writeLog(deps, logOf(queue), {
    tenant: '~',
    state: 'rejected',
    code: 'message_buried',
    description: `The gateway dropped a message on the queue ${queue}: it belongs to a tenant that has been removed.`,
    remedy: 'Nothing to do. A back end that still writes for this tenant can stop.',
    messageId: id,
    failed: true,
  })
  deps.log.error('message-buried', { queue, tenant: '~', messageId: id })
}

const tenantOf = (message: unknown): string =>
  typeof message === 'object' && message !== null && 'tenant' in message ? String(message.tenant) : ''

/**
 * What the message says. One that nobody can act on would fail each of its tries and is buried at once; one of a newer
 * version waits for who can read it, on every queue.
 */
export async function readOrBury<Q extends QueueName>(
  deps: Toolbox,
  queue: Q,
  delivery: QueueDelivery,
): Promise<Message<Q> | undefined> {
  const read = readMessage(queue, delivery.given)
  if ('newer' in read) return putBack(deps, queue, { ...read.newer, messageId: delivery.messageId })
  if (!('message' in read)) {
    await buryMessage(deps, queue, delivery)
    return undefined
  }
  // An instance that is being taken away does not begin it, and a delivery given back would count as a failed one. A
  // mail of a back end is accepted all the same: its message's id keeps it from being accepted twice, and it is a
  // matter of a moment.
  if (!deps.stopping.aborted || queue === 'outbound-mail') return read.message
  await enqueueAgain(deps, queue, { message: read.given, delayMs: passOnMs })
  return undefined
}

const passOnMs = 1_000
const putBackMs = 60_000

/**
 * As it is, every minute, until a build that reads it is back (REL-13). On `outbound-mail` with the id of its first
 * message, by which a mail without a key of its own is known.
 */
async function putBack(
  deps: Toolbox,
  queue: QueueName,
  { text, firstMessageId = '', messageId }: NewerMessage & Pick<QueueDelivery, 'messageId'>,
): Promise<undefined> {
  const open = text.indexOf('{') + 1
  const isFirst = queue === 'outbound-mail' && firstMessageId === ''
  const first = isFirst ? `"firstMessageId":${JSON.stringify(messageId)},` : ''
  const message = Buffer.from(`${text.slice(0, open)}${first}${text.slice(open)}`)
  await enqueueAgain(deps, queue, { message, delayMs: putBackMs })
}

const shownMs = 7 * 86_400_000

/** Nothing makes a buried message healthy again: its card is shown for a week. The raw bytes stay longer. */
export async function forgetBuried(deps: Toolbox): Promise<void> {
  for await (const card of buriedMessages(deps))
    if (deps.clock.now() - Date.parse(card.since) > shownMs) await removeAttention(deps, card)
}
