import { BlobServiceClient } from '@azure/storage-blob'
import { QueueServiceClient } from '@azure/storage-queue'
import type { Row, Tables } from '../../../lib/ports/tables.js'
import { azureTables } from '../../../lib/stores/azure-tables.js'

/** The tables as they are, past the gateway. */
export const storedTables = (connectionString: string): Tables => azureTables({ connectionString })

/** Every row of a table, or of one partition. */
export async function tableRows(connectionString: string, table: string, partition?: string): Promise<Row[]> {
  const rows: Row[] = []
  const where = partition === undefined ? { partitionRange: ['', '\u{ffff}'] as [string, string] } : { partition }
  for await (const row of storedTables(connectionString).query(table, where)) rows.push(row)
  return rows
}

/** Everything that carries the prefix of an environment: rows, blobs and queue messages, as comparable text. */
export async function environmentDump(connectionString: string, environment: string): Promise<string[]> {
  const found: string[] = []
  for (const table of await storedTables(connectionString).list(environment))
    for (const row of await tableRows(connectionString, table)) found.push(`${table} ${JSON.stringify(row)}`)
  const blobs = BlobServiceClient.fromConnectionString(connectionString)
  for await (const { name } of blobs.listContainers({ prefix: `${environment}-` }))
    for await (const blob of blobs.getContainerClient(name).listBlobsFlat())
      found.push(
        `${name} ${blob.name} ${(await blobs.getContainerClient(name).getBlobClient(blob.name).downloadToBuffer()).toString('latin1')}`,
      )
  const queues = QueueServiceClient.fromConnectionString(connectionString)
  for await (const { name } of queues.listQueues({ prefix: `${environment}-` })) {
    const { peekedMessageItems } = await queues.getQueueClient(name).peekMessages({ numberOfMessages: 32 })
    found.push(`queue ${name}`)
    for (const { messageText } of peekedMessageItems)
      found.push(`queue ${name} ${Buffer.from(messageText, 'base64').toString()}`)
  }
  return found.sort()
}
