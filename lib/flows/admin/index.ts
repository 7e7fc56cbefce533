/** What people do through API and console, each as `(toolbox, input)`; `gateway.ts` binds them. */
import { listReturnUrls, removeReturnUrl } from '../../rows/return-urls.js'
import { getTenant, listTenants } from '../../rows/tenants.js'
import { listEndpoints } from '../../rows/webhook-endpoints.js'
import { listRegistrations, listUsableRegistrations } from '../tokens/registrations.js'
import * as apiKeys from './api-keys.js'
import { audit } from './audit.js'
import { authenticate } from './authenticate.js'
import { bootstrapOperatorKey } from './bootstrap-key.js'
import { changeMailbox } from './change-mailbox.js'
import { checkMailbox } from './check-mailbox.js'
import { beginConsoleSession, endConsoleSession, isConsoleSession } from './console-sessions.js'
import { findHolders, releaseHolder } from './holders.js'
import { listMailboxFacts, listMailboxNames, readMailboxFacts, readMailboxPlaces } from './mailboxes.js'
import { readRegistration, removeRegistration, saveRegistration } from './registrations.js'
import { removeConnection } from './remove-connection.js'
import { removeMailbox } from './remove-mailbox.js'
import { removeTenant } from './remove-tenant.js'
import { retryConnection } from './retry-connection.js'
import { retryRegistration } from './retry-registration.js'
import { addReturnUrl } from './return-urls.js'
import * as settings from './settings.js'
import { createTenant } from './tenants.js'
import { addEndpoint, removeEndpoint } from './webhook-endpoints.js'

export const adminFlows = {
  ...apiKeys,
  ...settings,
  addEndpoint,
  addReturnUrl,
  audit,
  authenticate,
  beginConsoleSession,
  bootstrapOperatorKey,
  changeMailbox,
  checkMailbox,
  createTenant,
  endConsoleSession,
  findHolders,
  isConsoleSession,
  listEndpoints,
  listMailboxFacts,
  listMailboxNames,
  listRegistrations,
  listReturnUrls,
  listTenants,
  listUsableRegistrations,
  readMailboxFacts,
  readMailboxPlaces,
  readRegistration,
  readTenant: getTenant,
  releaseHolder,
  removeConnection,
  removeEndpoint,
  removeMailbox,
  removeRegistration,
  removeReturnUrl,
  removeTenant,
  retryConnection,
  retryRegistration,
  saveRegistration,
}
