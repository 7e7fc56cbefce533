/**
 * A trusted back end put a mail on the queue `outbound-mail`: {v: 1, tenant, idempotencyKey?, mail | blob}. It takes
 * the same way as one over HTTP. Without a key the first queue message's id is the key, so that a redelivery is
 * recognised. What can never succeed is written down as rejected at first sight and leaves the queue (REL-10); only
 * temporary faults throw, so that the host delivers it again.
 */
import { asGatewayError, GatewayError, invalidInput } from '../../errors.js'
import { hashId, isTenantId } from '../../model/ids.js'
import { metadataOf } from '../../model/mail-submission.js'
import { mailJson, strictJson } from '../../model/strict-json.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { raiseAttention } from '../../rows/attention.js'
import { writeLog } from '../../rows/logs.js'
import { findTenant } from '../../rows/tenants.js'
import { emitEvent } from '../tell/emit-event.js'
import { acceptSubmission } from './accept-mail.js'

export async function acceptMessage(deps: Toolbox, message: unknown, queueMessageId: string): Promise<void> {
  const fields = (typeof message === 'object' && message !== null ? message : {}) as Record<string, unknown>
  const firstId = typeof fields['firstMessageId'] === 'string' ? fields['firstMessageId'] : queueMessageId
  const named = typeof fields['tenant'] === 'string' && isTenantId(fields['tenant']) ? fields['tenant'] : '~'
  // Nothing is ever written under the name of a tenant that was removed or never was.
  const owner = named === '~' ? undefined : await findTenant(deps, named)
  const isRemoved = owner !== undefined && owner.state !== 'active'
  const tenant = owner === undefined || isRemoved ? '~' : named
  const read: Readable = { metadata: {} }
  try {
    await accept(deps, { tenant, fields, firstId }, read)
  } catch (caught) {
    const error = asGatewayError(caught)
    if (error.class === 'transient') throw caught
    if (tenant !== '~') await tellRejected(deps, { tenant, queueMessageId: firstId, metadata: read.metadata }, error)
    // Nothing of a tenant that was removed is kept any more (SEC-44).
    else if (!isRemoved) await keepForOperator(deps, { message, firstId }, error)
    await writeLog(deps, 'sendinglog', {
      tenant,
      state: 'rejected',
      queueMessageId: firstId,
      code: error.code,
      class: error.class,
      description: error.description,
      remedy: error.remedy,
      failed: true,
    })
  }
}

/** It names no tenant whose app could be told: its text is kept, and a card says what the back end has to correct. */
async function keepForOperator(
  deps: Toolbox,
  { message, firstId }: { message: unknown; firstId: string },
  error: GatewayError,
): Promise<void> {
  const id = hashId('outbound-mail', firstId)
  const name = `~/messages/${id}`
  await deps.blobs.put(deps.names.container('quarantine'), { name, bytes: Buffer.from(JSON.stringify(message)) })
  const told = new GatewayError('message_buried', 'permanent', {
    hint: 'endpoint',
    description: `The gateway removed a message from the queue outbound-mail: ${error.description}`,
    remedy: `Correct what the back end writes, then enqueue the mail again; the message is kept as ${name} in the container ${deps.names.container('quarantine')}.`,
  })
  await raiseAttention(deps, { tenant: '~', kind: 'message', id }, told)
}

/** What could be read of a message before it was refused. */
interface Readable {
  metadata: Record<string, string>
}

/** A mail as it came by the queue. */
interface Submitted {
  tenant: string
  queueMessageId: string
  metadata: Record<string, string>
}

/** Who puts mail on a queue gets no answer; this event is the answer. */
export async function tellRejected(
  deps: Toolbox,
  { tenant, queueMessageId, metadata }: Submitted,
  { code, description, remedy }: GatewayError,
): Promise<void> {
  await emitEvent(deps, {
    tenant,
    type: 'mail.rejected',
    id: hashId('mail.rejected', tenant, queueMessageId),
    data: {
      queueMessageId,
      code,
      description: description.slice(0, 500),
      remedy: remedy.slice(0, 500),
      metadata,
    },
  })
}

async function accept(
  deps: Toolbox,
  { tenant, fields, firstId }: { tenant: string; fields: Record<string, unknown>; firstId: string },
  read: Readable,
): Promise<void> {
  const { v, idempotencyKey, mail, blob } = fields
  if (v !== 1) throw invalidInput('v', 'must be 1')
  if (tenant === '~') throw invalidInput('tenant', 'is not a tenant of this gateway')
  const validKey = typeof idempotencyKey === 'string' && /^[\x21-\x7e]{1,200}$/.test(idempotencyKey)
  if (idempotencyKey !== undefined && !validKey)
    throw invalidInput('idempotencyKey', 'must have 1 to 200 visible ASCII characters')
  if ((mail === undefined) === (blob === undefined))
    throw invalidInput('mail', 'must be given, or blob instead, but not both')
  const input = mail ?? (await fromBlob(deps, tenant, blob))
  read.metadata = metadataOf(input)
  await acceptSubmission(deps, tenant, { input, idempotencyKey: validKey ? idempotencyKey : `queue:${firstId}` })
}

async function fromBlob(deps: Toolbox, tenant: string, blob: unknown): Promise<unknown> {
  if (typeof blob !== 'string' || !/^[A-Za-z0-9._/-]{1,500}$/.test(blob) || blob.includes('..'))
    throw invalidInput('blob', 'must be a blob name of letters, digits, . _ - and /')
  if (!blob.startsWith(`${tenant}/`)) throw invalidInput('blob', `must be below the tenant's own prefix ${tenant}/`)
  // Twice the mail: base64 takes a third more, escapes take the rest.
  const bytes = await deps.blobs.get(deps.names.container('outbound'), blob, 2 * deps.config.maxMailBytes)
  if (bytes === undefined) throw invalidInput('blob', 'does not exist; write the blob before the message')
  return strictJson(bytes, mailJson)
}
