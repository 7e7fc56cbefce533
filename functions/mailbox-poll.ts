import { queueFunction } from '../lib/queue-function.js'

/** A batch of mailboxes is due: poll them side by side. */
queueFunction('mailbox-poll', 'mailbox-poll', ({ receive }, message) => receive.pollBatch(message))
