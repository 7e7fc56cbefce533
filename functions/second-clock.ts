import { queueFunction } from '../lib/queue-function.js'

/** The message that goes round: does the work of late timers. */
queueFunction('second-clock', 'second-clock', ({ ops }, message) => ops.secondClock(message))
