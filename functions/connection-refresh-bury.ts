import { buryFunction } from '../lib/queue-function.js'

buryFunction('connection-refresh')
