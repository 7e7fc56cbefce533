import { buryFunction } from '../lib/queue-function.js'

buryFunction('mailbox-poll')
