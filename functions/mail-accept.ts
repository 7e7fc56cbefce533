import { queueFunction } from '../lib/queue-function.js'

/** A trusted back end put a whole mail on the queue; it takes the same way as one submitted over HTTP. */
queueFunction('mail-accept', 'outbound-mail', ({ send }, message, messageId) => send.acceptMessage(message, messageId))
