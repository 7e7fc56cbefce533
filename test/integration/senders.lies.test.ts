import { graphSenderLyingWorld, graphSendOnlyLyingWorld } from '../support/contracts/graph-sender-lies.js'
import { senderLies } from '../support/contracts/sender-lies.js'
import { smtpLyingWorld } from '../support/contracts/smtp-emulator-lies.js'

senderLies('SMTP emulator', smtpLyingWorld)
senderLies('Graph emulator', graphSenderLyingWorld)
senderLies('Graph emulator, sending only', graphSendOnlyLyingWorld)
