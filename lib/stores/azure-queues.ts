import { QueueServiceClient } from '@azure/storage-queue'
import type { Queues } from '../ports/queues.js'
import { checkDelay, encodeMessage } from './message-rules.js'
import {
  endpointOf,
  faultOf,
  isLoopbackHttp,
  type StorageOptions,
  storageUnavailable,
  tryMsOf,
} from './storage-fault.js'

/** Storage queues. The first send creates a missing queue (new tenant, first start). */
export function azureQueues(options: StorageOptions): Queues {
  isLoopbackHttp(endpointOf(options, 'Queue'))
  const retryOptions = { retryOptions: { maxTries: 3, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 } }
  const service =
    options.connectionString === undefined
      ? new QueueServiceClient(options.endpoint!, options.credential as never, retryOptions)
      : QueueServiceClient.fromConnectionString(options.connectionString, retryOptions)

  const patience = () => ({ abortSignal: AbortSignal.timeout(tryMsOf(options)) })

  const ensure = async (queue: string): Promise<void> => {
    try {
      await service.getQueueClient(queue).createIfNotExists(patience())
    } catch (error) {
      throw storageUnavailable(error)
    }
  }

  return {
    ensure,
    async send(queue, message, { delayMs = 0, ttlSeconds = -1 } = {}) {
      const text = encodeMessage(message)
      checkDelay(delayMs)
      const put = () =>
        service.getQueueClient(queue).sendMessage(text, {
          visibilityTimeout: Math.ceil(delayMs / 1000),
          messageTimeToLive: ttlSeconds,
          ...patience(),
        })
      try {
        await put()
      } catch (error) {
        if (faultOf(error).status !== 404) throw storageUnavailable(error)
        await ensure(queue)
        try {
          await put()
        } catch (again) {
          throw storageUnavailable(again)
        }
      }
    },
    async depth(queue) {
      try {
        return (await service.getQueueClient(queue).getProperties(patience())).approximateMessagesCount ?? 0
      } catch (error) {
        if (faultOf(error).status === 404) return undefined
        throw storageUnavailable(error)
      }
    },
    async remove(queue) {
      try {
        await service.getQueueClient(queue).deleteIfExists(patience())
      } catch (error) {
        throw storageUnavailable(error)
      }
    },
  }
}
