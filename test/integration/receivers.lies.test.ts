import { graphLyingWorld } from '../support/contracts/graph-emulator-lies.js'
import { imapLyingWorld } from '../support/contracts/imap-emulator-lies.js'
import { receiverLies } from '../support/contracts/receiver-lies.js'

/** All of them are told in the full suite. */
const ways = 3

receiverLies('IMAP emulator', imapLyingWorld, { ways })
receiverLies('Graph emulator', graphLyingWorld, { ways })
