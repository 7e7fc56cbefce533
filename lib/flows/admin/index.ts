/** What people do through API and console, each as `(dependencies, input)`; `gateway.ts` binds them. */
import { listReturnUrls, removeReturnUrl } from '../../rows/return-urls.js'
import { getTenant, listTenants } from '../../rows/tenants.js'
import { listEndpoints } from '../../rows/webhook-endpoints.js'
import * as apiKeys from './api-keys.js'
import { bootstrapOperatorKey } from './bootstrap-key.js'
import { changeMailbox } from './change-mailbox.js'
import { beginConsoleSession, endConsoleSession, isConsoleSession } from './console-sessions.js'
import { findHolders, releaseHolder } from './holders.js'
import { listMailboxFacts, listMailboxNames, readMailboxFacts, readMailboxPlaces } from './mailboxes.js'
import { removeConnection } from './remove-connection.js'
import { removeMailbox } from './remove-mailbox.js'
import { removeTenant } from './remove-tenant.js'
import { addReturnUrl } from './return-urls.js'
import * as settings from './settings.js'
import { createTenant } from './tenants.js'
import { addEndpoint, removeEndpoint } from './webhook-endpoints.js'

export const adminFlows = {
  ...apiKeys,
  ...settings,
  addEndpoint,
  addReturnUrl,
  beginConsoleSession,
  bootstrapOperatorKey,
  changeMailbox,
  createTenant,
  endConsoleSession,
  findHolders,
  isConsoleSession,
  listEndpoints,
  listMailboxFacts,
  listMailboxNames,
  listReturnUrls,
  listTenants,
  readMailboxFacts,
  readMailboxPlaces,
  readTenant: getTenant,
  releaseHolder,
  removeConnection,
  removeEndpoint,
  removeMailbox,
  removeReturnUrl,
  removeTenant,
}
