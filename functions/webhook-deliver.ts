import { queueFunction } from '../lib/queue-function.js'

/** A webhook endpoint has events: deliver them in order. */
queueFunction('webhook-deliver', 'webhook', ({ tell }, message) => tell.deliverMessage(message))
