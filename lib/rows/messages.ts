/** Messages on the gateway's own queues, written here alone; what each says is in model/messages.ts. */
import { type Message, messageVersion } from '../model/messages.js'
import type { QueueName } from '../model/names.js'
import type { Toolbox } from '../ports/toolbox.js'

type Written = Exclude<QueueName, 'outbound-mail'>

export async function enqueue<Q extends Written>(
  deps: Pick<Toolbox, 'queues' | 'names'>,
  queue: Q,
  message: Omit<Message<Q>, 'v'>,
): Promise<void> {
  await deps.queues.send(deps.names.queue(queue), { v: messageVersion, ...message })
}

/** `delayMs`: until it is seen, at most two minutes: longer waits are rows. */
export async function enqueueLater<Q extends Written>(
  deps: Pick<Toolbox, 'queues' | 'names'>,
  queue: Q,
  { message, delayMs }: { message: Omit<Message<Q>, 'v'>; delayMs: number },
): Promise<void> {
  await deps.queues.send(deps.names.queue(queue), { v: messageVersion, ...message }, { delayMs })
}

/** A message as it was read, to be read again by another instance. Bytes are JSON already. */
export async function enqueueAgain(
  deps: Pick<Toolbox, 'queues' | 'names'>,
  queue: QueueName,
  { message, delayMs }: { message: unknown; delayMs: number },
): Promise<void> {
  await deps.queues.send(deps.names.queue(queue), message, { delayMs })
}
