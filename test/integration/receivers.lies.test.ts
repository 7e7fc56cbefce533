import { graphLyingWorld } from '../support/graph-emulator-lies.js'
import { imapLyingWorld } from '../support/imap-emulator-lies.js'
import { receiverLies } from '../support/receiver-lies.js'

/** All of them are told in the full suite. */
const ways = 3

receiverLies('IMAP emulator', imapLyingWorld, { ways })
receiverLies('Graph emulator', graphLyingWorld, { ways })
