import { graphSenderLyingWorld } from '../support/graph-sender-lies.js'
import { senderLies } from '../support/sender-lies.js'
import { smtpLyingWorld } from '../support/smtp-emulator-lies.js'

senderLies('SMTP emulator', smtpLyingWorld)
senderLies('Graph emulator', graphSenderLyingWorld)
