import { queueFunction } from '../lib/queue-function.js'

/** This mailbox has work: drain its lane. */
queueFunction('mail-send', 'mail-send', ({ send }, message) => send.drainLane(message))
