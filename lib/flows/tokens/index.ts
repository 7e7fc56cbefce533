import { authorityFor, readAuthority } from './authority-for.js'
import { forgetGrant } from './forget-grant.js'
import { grantsDue } from './grants-due.js'
import { listConnectionFacts, readConnectionFacts } from './list-connection-facts.js'
import { refreshBatch } from './refresh-batch.js'
import { findClient } from './registrations.js'
import { retryGrant, tryGrant } from './retry-grant.js'
import { storeGrant } from './store-grant.js'

/** Journey 2, keep authority: each as `(toolbox, input)`. */
export const tokenFlows = {
  authorityFor,
  readAuthority,
  findClient,
  forgetGrant,
  grantsDue,
  listConnectionFacts,
  readConnectionFacts,
  refreshBatch,
  retryGrant,
  storeGrant,
  tryGrant,
}
