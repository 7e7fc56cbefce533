/** Journey 5: event → the tenant's queue and its webhooks → delivered, retried, given up. */
import { deliverMessage, deliverWebhooks } from './deliver-webhooks.js'

export const tellFlows = { deliverMessage, deliverWebhooks }
