import { queueFunction } from '../lib/queue-function.js'

/** A batch of connections is due: refresh their tokens. */
queueFunction('connection-refresh', 'connection-refresh', ({ tokens }, message) => tokens.refreshBatch(message))
