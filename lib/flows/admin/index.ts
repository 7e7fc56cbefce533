/** What people do through API and console, each as `(dependencies, input)`; `gateway.ts` binds them. */
import * as apiKeys from './api-keys.js'
import { bootstrapOperatorKey } from './bootstrap-key.js'
import { changeMailbox } from './change-mailbox.js'
import { beginConsoleSession, endConsoleSession, isConsoleSession } from './console-sessions.js'
import { findHolders, releaseHolder } from './holders.js'
import { listMailboxFacts, listMailboxNames, readMailboxFacts, readMailboxPlaces } from './mailboxes.js'
import { removeConnection } from './remove-connection.js'
import { removeMailbox } from './remove-mailbox.js'
import { removeTenant } from './remove-tenant.js'
import * as returnUrls from './return-urls.js'
import * as settings from './settings.js'
import * as tenants from './tenants.js'
import * as webhookEndpoints from './webhook-endpoints.js'

export const adminFlows = {
  ...apiKeys,
  ...tenants,
  ...returnUrls,
  ...webhookEndpoints,
  ...settings,
  beginConsoleSession,
  bootstrapOperatorKey,
  changeMailbox,
  endConsoleSession,
  findHolders,
  isConsoleSession,
  listMailboxFacts,
  listMailboxNames,
  readMailboxFacts,
  readMailboxPlaces,
  releaseHolder,
  removeConnection,
  removeMailbox,
  removeTenant,
}
