/**
 * One timer run makes many messages, so that the platform adds workers: claims what is due and sends it off, the oldest
 * first. A claim that nobody answers falls due again; several timers may run side by side.
 */
import type { Message } from '../model/messages.js'
import type { QueueName } from '../model/names.js'
import type { Toolbox } from '../ports/toolbox.js'
import { chunksOf, mapInBatches } from './delete-rows.js'
import { claimDue, type DueKind, type DueSubject, holdClaims, sendingMs } from './due.js'
import { enqueue } from './messages.js'

interface FanOut<Q extends QueueName> {
  kind: DueKind
  /** Subjects of one run. */
  limit: number
  queue: Q
  perMessage: number
  messageOf(subjects: DueSubject[]): Omit<Message<Q>, 'v'>
  /** How long the claim lasts; as long as it takes to send the messages unless said. */
  claimMs?: number
  /** Once sent, workers get more time: for messages of many subjects. */
  holds?: boolean
}

/** Returns the subjects, the one that waited longest first. */
export async function fanOut<Q extends Exclude<QueueName, 'outbound-mail'>>(
  deps: Toolbox,
  { kind, limit, queue, perMessage, messageOf, claimMs = sendingMs, holds = false }: FanOut<Q>,
): Promise<DueSubject[]> {
  const due = await claimDue(deps, kind, { limit, claimMs })
  due.sort((a, b) => a.dueAt - b.dueAt)
  await mapInBatches(chunksOf(due, perMessage), (subjects) => enqueue(deps, queue, messageOf(subjects)))
  if (holds) await holdClaims(deps, due)
  return due
}
