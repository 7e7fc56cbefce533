import { buryFunction } from '../lib/queue-function.js'

buryFunction('outbound-mail')
