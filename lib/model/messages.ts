/**
 * What the queues carry: one schema for each. The gateway's own messages are hints, which the schedule repeats;
 * somebody else put a message of another shape there. The gateway judges what a back end puts on `outbound-mail` field
 * by field when it accepts it, because it reports each refusal.
 */
import * as z from 'zod'
import type { GatewayError } from '../errors.js'
import { isId, isTenantId } from './ids.js'
import type { QueueName } from './names.js'
import { decodeMessage, type NewerMessage } from './queue-message.js'

/** What this build writes; it reads no other. */
export const messageVersion = 1
export const mailboxesPerMessage = 200
export const connectionsPerMessage = 32

const v = z.literal(messageVersion)
const tenant = z.string().refine(isTenantId)
const id = z.string().refine(isId)
/** A message that says it in another way says nothing, and is complete without it. */
const hint = <S extends z.ZodType>(schema: S) => schema.optional().catch(undefined)

const schemas = {
  'outbound-mail': z.unknown(),
  /** This mailbox has work (decision 35). */
  'mail-send': z.object({
    v,
    tenant,
    mailboxId: id,
    /** From the timer: also gives up what passed its deadline behind a closed gate. */
    sweep: hint(z.boolean()),
    /** End of the lease it waits for, milliseconds. */
    until: hint(z.number()),
    /** Nobody has seen to it that the lane's due row is near. */
    undated: hint(z.boolean()),
    /** A mail that was in the journal when the message was sent. */
    mailId: hint(id),
  }),
  'mailbox-poll': z.object({ v, mailboxes: z.array(z.object({ tenant, mailboxId: id })).max(mailboxesPerMessage) }),
  'connection-refresh': z.object({
    v,
    connections: z.array(z.object({ tenant, connectionId: id })).max(connectionsPerMessage),
  }),
  webhook: z.object({ v, tenant, endpointId: id }),
  /** The one message that goes round (decision 31); only the one whose id stands in the row counts. */
  'second-clock': z.object({ v, id: z.string() }),
} as const satisfies Record<QueueName, z.ZodType>

type OwnQueue = Exclude<QueueName, 'outbound-mail'>

/** What a message says. Its version is for the reader alone. */
export type Message<Q extends QueueName> = Q extends OwnQueue
  ? Omit<z.output<(typeof schemas)[Q]>, 'v'> & { v?: number }
  : unknown

export type ReadMessage<Q extends QueueName> =
  /** `given`: with what this build does not know in it. */
  | { message: Message<Q>; given: unknown }
  | { newer: NewerMessage }
  /** Of another shape than those that the gateway writes. */
  | { other: unknown }
  /** Why nobody can act on it, and the tenant that it names, or empty. */
  | { refusal: GatewayError; tenant: string }

/** Reads what lies in a queue. A newer version is judged by nothing but its being newer, on every queue (REL-13). */
export function readMessage<Q extends QueueName>(queue: Q, given: unknown): ReadMessage<Q> {
  const read = decodeMessage(given)
  if (!('value' in read)) return read
  const result = schemas[queue].safeParse(read.value)
  return result.success ? { message: result.data as Message<Q>, given: read.value } : { other: read.value }
}
