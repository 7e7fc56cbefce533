import { azureBlobs } from '../../../lib/stores/azure-blobs.js'
import { azureQueues } from '../../../lib/stores/azure-queues.js'
import { azureTables } from '../../../lib/stores/azure-tables.js'

/** The three stores of one storage account. */
export const azuriteStores = (options: { connectionString: string; tryMs?: number }) => ({
  tables: azureTables(options),
  queues: azureQueues(options),
  blobs: azureBlobs(options),
})
