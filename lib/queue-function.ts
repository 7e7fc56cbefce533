import { app, type InvocationContext, type StorageQueueHandler } from '@azure/functions'
import { type Gateway, gateway } from './gateway.js'
import { asBytes, delivered } from './http/request/as-bytes.js'
import type { Message } from './model/messages.js'
import type { QueueName } from './model/names.js'

/** Registers the function that works on a queue; `work` is typed by the queue's messages. */
export function queueFunction<Q extends QueueName>(
  name: string,
  queue: Q,
  work: (gateway: Gateway, message: Message<Q>, messageId: string) => Promise<unknown>,
): StorageQueueHandler {
  return register(name, queue, async (made, delivery) => {
    const message = await made.ops.readOrBury(queue, delivery)
    if (message !== undefined) await work(made, message, delivery.messageId)
  })
}

/** Registers `…-bury`: messages the host gave up on end in a row people can see, never in silence. */
export function buryFunction(queue: QueueName): StorageQueueHandler {
  return register(`${queue}-bury`, `${queue}-poison`, (made, delivery) => made.ops.buryMessage(queue, delivery))
}

function register(
  name: string,
  queue: string,
  take: (gateway: Gateway, delivery: ReturnType<typeof delivered>) => Promise<void>,
): StorageQueueHandler {
  const handler = async (given: unknown, context: InvocationContext): Promise<void> =>
    take(await gateway(), delivered(given, context))
  app.storageQueue(name, { queueName: `%ENVIRONMENT_ID%-${queue}`, connection: 'MailStorage', ...asBytes, handler })
  return handler
}
