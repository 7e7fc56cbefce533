import { buryFunction } from '../lib/queue-function.js'

buryFunction('mail-send')
