/** Storage queues as bindings see them: clients by connection and name, text encoding, and outputs of a function. */
import { QueueClient, type StoragePipelineOptions } from '@azure/storage-queue'
import type { Binding, RpcResponse, RpcValue } from './functions-core.js'
import { connectionStringFor, type QueueSettings, resolveSettings } from './host-settings.js'
import type { WriteOutputs } from './invocation.js'

// Azurite is on this machine: long waits between tries only hide that it is gone.
const pipeline: StoragePipelineOptions = {
  retryOptions: { maxTries: 3, retryDelayInMs: 100, maxRetryDelayInMs: 1_000 },
}

/** Client of the queue that a trigger or output binding names. */
export function queueClientFor(binding: Binding, settings: Record<string, string>): QueueClient {
  if (!binding.queueName) throw new Error(`a ${binding.type} binding needs a queueName`)
  // Queue names are lower case in Azure; the host lowers what a binding says.
  const name = resolveSettings(binding.queueName, settings).toLowerCase()
  return new QueueClient(connectionStringFor(binding.connection, settings), name, pipeline)
}

/** The stored form of a message text. */
export function encodeMessage(content: string | Uint8Array, encoding: QueueSettings['messageEncoding']): string {
  return encoding === 'base64' ? Buffer.from(content).toString('base64') : Buffer.from(content).toString('utf8')
}

/** The message text from its stored form, or undefined when it is not in the expected encoding. */
export function decodeMessage(stored: string, encoding: QueueSettings['messageEncoding']): string | undefined {
  if (encoding === 'none') return stored
  const wellFormed = stored.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(stored)
  return wellFormed ? Buffer.from(stored, 'base64').toString('utf8') : undefined
}

/** Makes the step that stores what a function returned or put into `extraOutputs` for its queue bindings. */
export function makeWriteOutputs(
  settings: Record<string, string>,
  encoding: QueueSettings['messageEncoding'],
): WriteOutputs {
  const clients = new Map<Binding, Promise<QueueClient>>()
  const clientOf = (binding: Binding): Promise<QueueClient> => {
    let client = clients.get(binding)
    if (!client) {
      client = ensureQueue(queueClientFor(binding, settings))
      client.catch(() => clients.delete(binding))
      clients.set(binding, client)
    }
    return client
  }
  return async (fn, response) => {
    for (const { name, data } of valuesOf(response)) {
      const binding = fn.bindings[name]
      if (binding?.type !== 'queue') continue
      const contents = messageContents(data)
      if (contents.length === 0) continue
      const client = await clientOf(binding)
      for (const content of contents) await client.sendMessage(encodeMessage(content, encoding))
    }
  }
}

/** Creates the queue when it is absent. */
export async function ensureQueue(client: QueueClient): Promise<QueueClient> {
  await client.createIfNotExists()
  return client
}

function valuesOf(response: RpcResponse): { name: string; data: RpcValue }[] {
  const values = response.outputData ?? []
  return response.returnValue ? [...values, { name: '$return', data: response.returnValue }] : values
}

function messageContents(data: RpcValue): (string | Uint8Array)[] {
  if (data.bytes !== undefined) return [data.bytes]
  if (data.json === undefined) return [data.string ?? String(data.int ?? data.double)]
  const value = JSON.parse(data.json) as unknown
  return (Array.isArray(value) ? value : [value]).filter((item) => item !== null).map(messageText)
}

// The real host writes objects as indented JSON.
function messageText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}
