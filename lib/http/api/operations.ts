/**
 * The API, route by route. A new function adds its row to one of these tables and is then in the OpenAPI document and
 * the role matrix.
 */
import { connectOperations } from './operations/connect-operations.js'
import { gatewayOperations } from './operations/gateway-operations.js'
import { mailOperations } from './operations/mail-operations.js'
import { mailboxOperations } from './operations/mailbox-operations.js'
import { settingOperations } from './operations/setting-operations.js'
import { tenantOperations } from './operations/tenant-operations.js'
import { watchOperations } from './operations/watch-operations.js'

export const operations = {
  ...gatewayOperations,
  ...tenantOperations,
  ...settingOperations,
  ...connectOperations,
  ...mailboxOperations,
  ...mailOperations,
  ...watchOperations,
}
